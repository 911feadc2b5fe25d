import type { CONTROL_PATHS } from "@oa/contract";
import { ACCOUNT_ROUTES } from "./accountRoutes.ts";
import * as accounts from "./accounts.ts";
import { recordEvent } from "./auditEvents.ts";
import { CREDIT_ROUTES } from "./creditRoutes.ts";
import * as credits from "./credits.ts";
import type { MethodTable } from "./gate.ts";
import * as instances from "./instances.ts";
import * as providerKeys from "./providerKeys.ts";
import { USAGE_ROUTES } from "./usageRoutes.ts";

/** What answers each path of the contract; a path that is missing here does not compile. */
export const CONTROL_ROUTES: { readonly [Name in keyof typeof CONTROL_PATHS]: MethodTable } = {
  instance: { GET: instances.readInstance, POST: instances.upsertInstance },
  instanceStatus: { POST: instances.setStatus },
  instanceSecret: { GET: instances.readSecret, POST: instances.storeSecret },
  providerKeys: {
    GET: providerKeys.listProviderKeys,
    POST: providerKeys.changeProviderKeys,
    DELETE: providerKeys.removeProviderKeys,
  },
  billingSummary: { GET: credits.billingSummary },

  instanceClaim: { POST: instances.claimInstance },
  instanceById: { GET: instances.readInstanceById },
  instanceStep: { POST: instances.recordStep },
  instanceObserved: { POST: instances.observe },
  auditEvents: { POST: recordEvent },

  accountSignUp: { POST: accounts.signUp },
  accountCredentials: { POST: accounts.credentials },
  accountSessions: { POST: accounts.openSession },
  accountSession: { POST: accounts.lookUpSession, DELETE: accounts.endSession },

  ...ACCOUNT_ROUTES,

  creditsGrantMonthly: { POST: credits.grantMonthly },
  creditsBurn: { POST: credits.burn },
  ...CREDIT_ROUTES,
  ...USAGE_ROUTES,
};
