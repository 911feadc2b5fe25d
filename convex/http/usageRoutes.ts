import type { CREDIT_HISTORY_PATHS } from "@oa/contract";
import type { MethodTable } from "./gate.ts";
import * as usage from "./usage.ts";

/** What answers each path that tells of credits and usage; a path that is missing here does not compile. */
export const USAGE_ROUTES: { readonly [Name in keyof typeof CREDIT_HISTORY_PATHS]: MethodTable } = {
  creditsHistory: { GET: usage.history },
  creditsExport: { GET: usage.exportLedger },
  creditsAdjust: { POST: usage.adjust },
  creditsFreeze: { POST: usage.freeze },
  usageSummary: { GET: usage.summary },
  usageEvents: { GET: usage.events },
  alertSeen: { POST: usage.alertSeen },
};
