/* eslint-disable */
/**
 * Generated `api` utility.
 *
 * THIS CODE IS AUTOMATICALLY GENERATED.
 *
 * To regenerate, run `npx convex dev`.
 * @module
 */

import type * as accountNotices from "../accountNotices.js";
import type * as accounts from "../accounts.js";
import type * as admin from "../admin.js";
import type * as alertMail from "../alertMail.js";
import type * as alerts from "../alerts.js";
import type * as audit from "../audit.js";
import type * as authEvents from "../authEvents.js";
import type * as billing from "../billing.js";
import type * as creditAdmin from "../creditAdmin.js";
import type * as crons from "../crons.js";
import type * as drives from "../drives.js";
import type * as flows from "../flows.js";
import type * as githubDevices from "../githubDevices.js";
import type * as grants from "../grants.js";
import type * as history from "../history.js";
import type * as holds from "../holds.js";
import type * as http from "../http.js";
import type * as http_accountAccess from "../http/accountAccess.js";
import type * as http_accountClients from "../http/accountClients.js";
import type * as http_accountRoutes from "../http/accountRoutes.js";
import type * as http_accounts from "../http/accounts.js";
import type * as http_auditEvents from "../http/auditEvents.js";
import type * as http_creditRoutes from "../http/creditRoutes.js";
import type * as http_credits from "../http/credits.js";
import type * as http_gate from "../http/gate.js";
import type * as http_instances from "../http/instances.js";
import type * as http_keys from "../http/keys.js";
import type * as http_providerKeys from "../http/providerKeys.js";
import type * as http_request from "../http/request.js";
import type * as http_routes from "../http/routes.js";
import type * as http_usage from "../http/usage.js";
import type * as http_usageRoutes from "../http/usageRoutes.js";
import type * as instanceObservations from "../instanceObservations.js";
import type * as instanceSteps from "../instanceSteps.js";
import type * as lib_access from "../lib/access.js";
import type * as lib_accountTables from "../lib/accountTables.js";
import type * as lib_accountValidators from "../lib/accountValidators.js";
import type * as lib_admins from "../lib/admins.js";
import type * as lib_alertMailPlan from "../lib/alertMailPlan.js";
import type * as lib_alertText from "../lib/alertText.js";
import type * as lib_budgetLevels from "../lib/budgetLevels.js";
import type * as lib_constantTime from "../lib/constantTime.js";
import type * as lib_creditJobTables from "../lib/creditJobTables.js";
import type * as lib_creditSettings from "../lib/creditSettings.js";
import type * as lib_creditTables from "../lib/creditTables.js";
import type * as lib_creditValidators from "../lib/creditValidators.js";
import type * as lib_deviceName from "../lib/deviceName.js";
import type * as lib_drivePlan from "../lib/drivePlan.js";
import type * as lib_errors from "../lib/errors.js";
import type * as lib_exact from "../lib/exact.js";
import type * as lib_exports from "../lib/exports.js";
import type * as lib_flowPlan from "../lib/flowPlan.js";
import type * as lib_grantLapse from "../lib/grantLapse.js";
import type * as lib_holdRules from "../lib/holdRules.js";
import type * as lib_instanceId from "../lib/instanceId.js";
import type * as lib_instanceView from "../lib/instanceView.js";
import type * as lib_keyRules from "../lib/keyRules.js";
import type * as lib_ledgerRules from "../lib/ledgerRules.js";
import type * as lib_ledgerText from "../lib/ledgerText.js";
import type * as lib_limits from "../lib/limits.js";
import type * as lib_observationPlan from "../lib/observationPlan.js";
import type * as lib_observationView from "../lib/observationView.js";
import type * as lib_paging from "../lib/paging.js";
import type * as lib_prices_catalogue from "../lib/prices/catalogue.js";
import type * as lib_prices_diff from "../lib/prices/diff.js";
import type * as lib_prices_operatorPrices from "../lib/prices/operatorPrices.js";
import type * as lib_prices_prices from "../lib/prices/prices.js";
import type * as lib_providerKeys from "../lib/providerKeys.js";
import type * as lib_readLimited from "../lib/readLimited.js";
import type * as lib_reconcileCall from "../lib/reconcileCall.js";
import type * as lib_reconcilePlan from "../lib/reconcilePlan.js";
import type * as lib_retention from "../lib/retention.js";
import type * as lib_rotationPlan from "../lib/rotationPlan.js";
import type * as lib_runtimeUrl from "../lib/runtimeUrl.js";
import type * as lib_secretBox from "../lib/secretBox.js";
import type * as lib_secretColumns from "../lib/secretColumns.js";
import type * as lib_spendWindows from "../lib/spendWindows.js";
import type * as lib_suspensionPlan from "../lib/suspensionPlan.js";
import type * as lib_transitions from "../lib/transitions.js";
import type * as lib_usageSums from "../lib/usageSums.js";
import type * as lib_userId from "../lib/userId.js";
import type * as lib_userView from "../lib/userView.js";
import type * as lib_utcDays from "../lib/utcDays.js";
import type * as lib_validators from "../lib/validators.js";
import type * as lib_wishes from "../lib/wishes.js";
import type * as lib_workerCall from "../lib/workerCall.js";
import type * as limits from "../limits.js";
import type * as mailedLinks from "../mailedLinks.js";
import type * as managementKeys from "../managementKeys.js";
import type * as migrations from "../migrations.js";
import type * as model_access from "../model/access.js";
import type * as model_alerts from "../model/alerts.js";
import type * as model_auditLog from "../model/auditLog.js";
import type * as model_authEvents from "../model/authEvents.js";
import type * as model_books from "../model/books.js";
import type * as model_claims from "../model/claims.js";
import type * as model_creditChecks from "../model/creditChecks.js";
import type * as model_drives from "../model/drives.js";
import type * as model_emptyBalances from "../model/emptyBalances.js";
import type * as model_families from "../model/families.js";
import type * as model_forgoneHolds from "../model/forgoneHolds.js";
import type * as model_freeze from "../model/freeze.js";
import type * as model_grants from "../model/grants.js";
import type * as model_history from "../model/history.js";
import type * as model_holds from "../model/holds.js";
import type * as model_identities from "../model/identities.js";
import type * as model_instances from "../model/instances.js";
import type * as model_jobCursors from "../model/jobCursors.js";
import type * as model_keyViews from "../model/keyViews.js";
import type * as model_keyWindows from "../model/keyWindows.js";
import type * as model_ledger from "../model/ledger.js";
import type * as model_limits from "../model/limits.js";
import type * as model_managementKeys from "../model/managementKeys.js";
import type * as model_provisionedKeys from "../model/provisionedKeys.js";
import type * as model_pruners from "../model/pruners.js";
import type * as model_secrets from "../model/secrets.js";
import type * as model_sessions from "../model/sessions.js";
import type * as model_signIns from "../model/signIns.js";
import type * as model_status from "../model/status.js";
import type * as model_suspension from "../model/suspension.js";
import type * as model_tickets from "../model/tickets.js";
import type * as model_upsert from "../model/upsert.js";
import type * as model_usageDaily from "../model/usageDaily.js";
import type * as model_usageRead from "../model/usageRead.js";
import type * as model_users from "../model/users.js";
import type * as oauth from "../oauth.js";
import type * as openclaw from "../openclaw.js";
import type * as providerKeys from "../providerKeys.js";
import type * as provisionedKeys from "../provisionedKeys.js";
import type * as reconciliation from "../reconciliation.js";
import type * as refresh from "../refresh.js";
import type * as retention from "../retention.js";
import type * as secretRotation from "../secretRotation.js";
import type * as secrets from "../secrets.js";
import type * as sessions from "../sessions.js";
import type * as suspension from "../suspension.js";
import type * as usage from "../usage.js";
import type * as usageRollup from "../usageRollup.js";
import type * as users from "../users.js";

import type {
  ApiFromModules,
  FilterApi,
  FunctionReference,
} from "convex/server";

declare const fullApi: ApiFromModules<{
  accountNotices: typeof accountNotices;
  accounts: typeof accounts;
  admin: typeof admin;
  alertMail: typeof alertMail;
  alerts: typeof alerts;
  audit: typeof audit;
  authEvents: typeof authEvents;
  billing: typeof billing;
  creditAdmin: typeof creditAdmin;
  crons: typeof crons;
  drives: typeof drives;
  flows: typeof flows;
  githubDevices: typeof githubDevices;
  grants: typeof grants;
  history: typeof history;
  holds: typeof holds;
  http: typeof http;
  "http/accountAccess": typeof http_accountAccess;
  "http/accountClients": typeof http_accountClients;
  "http/accountRoutes": typeof http_accountRoutes;
  "http/accounts": typeof http_accounts;
  "http/auditEvents": typeof http_auditEvents;
  "http/creditRoutes": typeof http_creditRoutes;
  "http/credits": typeof http_credits;
  "http/gate": typeof http_gate;
  "http/instances": typeof http_instances;
  "http/keys": typeof http_keys;
  "http/providerKeys": typeof http_providerKeys;
  "http/request": typeof http_request;
  "http/routes": typeof http_routes;
  "http/usage": typeof http_usage;
  "http/usageRoutes": typeof http_usageRoutes;
  instanceObservations: typeof instanceObservations;
  instanceSteps: typeof instanceSteps;
  "lib/access": typeof lib_access;
  "lib/accountTables": typeof lib_accountTables;
  "lib/accountValidators": typeof lib_accountValidators;
  "lib/admins": typeof lib_admins;
  "lib/alertMailPlan": typeof lib_alertMailPlan;
  "lib/alertText": typeof lib_alertText;
  "lib/budgetLevels": typeof lib_budgetLevels;
  "lib/constantTime": typeof lib_constantTime;
  "lib/creditJobTables": typeof lib_creditJobTables;
  "lib/creditSettings": typeof lib_creditSettings;
  "lib/creditTables": typeof lib_creditTables;
  "lib/creditValidators": typeof lib_creditValidators;
  "lib/deviceName": typeof lib_deviceName;
  "lib/drivePlan": typeof lib_drivePlan;
  "lib/errors": typeof lib_errors;
  "lib/exact": typeof lib_exact;
  "lib/exports": typeof lib_exports;
  "lib/flowPlan": typeof lib_flowPlan;
  "lib/grantLapse": typeof lib_grantLapse;
  "lib/holdRules": typeof lib_holdRules;
  "lib/instanceId": typeof lib_instanceId;
  "lib/instanceView": typeof lib_instanceView;
  "lib/keyRules": typeof lib_keyRules;
  "lib/ledgerRules": typeof lib_ledgerRules;
  "lib/ledgerText": typeof lib_ledgerText;
  "lib/limits": typeof lib_limits;
  "lib/observationPlan": typeof lib_observationPlan;
  "lib/observationView": typeof lib_observationView;
  "lib/paging": typeof lib_paging;
  "lib/prices/catalogue": typeof lib_prices_catalogue;
  "lib/prices/diff": typeof lib_prices_diff;
  "lib/prices/operatorPrices": typeof lib_prices_operatorPrices;
  "lib/prices/prices": typeof lib_prices_prices;
  "lib/providerKeys": typeof lib_providerKeys;
  "lib/readLimited": typeof lib_readLimited;
  "lib/reconcileCall": typeof lib_reconcileCall;
  "lib/reconcilePlan": typeof lib_reconcilePlan;
  "lib/retention": typeof lib_retention;
  "lib/rotationPlan": typeof lib_rotationPlan;
  "lib/runtimeUrl": typeof lib_runtimeUrl;
  "lib/secretBox": typeof lib_secretBox;
  "lib/secretColumns": typeof lib_secretColumns;
  "lib/spendWindows": typeof lib_spendWindows;
  "lib/suspensionPlan": typeof lib_suspensionPlan;
  "lib/transitions": typeof lib_transitions;
  "lib/usageSums": typeof lib_usageSums;
  "lib/userId": typeof lib_userId;
  "lib/userView": typeof lib_userView;
  "lib/utcDays": typeof lib_utcDays;
  "lib/validators": typeof lib_validators;
  "lib/wishes": typeof lib_wishes;
  "lib/workerCall": typeof lib_workerCall;
  limits: typeof limits;
  mailedLinks: typeof mailedLinks;
  managementKeys: typeof managementKeys;
  migrations: typeof migrations;
  "model/access": typeof model_access;
  "model/alerts": typeof model_alerts;
  "model/auditLog": typeof model_auditLog;
  "model/authEvents": typeof model_authEvents;
  "model/books": typeof model_books;
  "model/claims": typeof model_claims;
  "model/creditChecks": typeof model_creditChecks;
  "model/drives": typeof model_drives;
  "model/emptyBalances": typeof model_emptyBalances;
  "model/families": typeof model_families;
  "model/forgoneHolds": typeof model_forgoneHolds;
  "model/freeze": typeof model_freeze;
  "model/grants": typeof model_grants;
  "model/history": typeof model_history;
  "model/holds": typeof model_holds;
  "model/identities": typeof model_identities;
  "model/instances": typeof model_instances;
  "model/jobCursors": typeof model_jobCursors;
  "model/keyViews": typeof model_keyViews;
  "model/keyWindows": typeof model_keyWindows;
  "model/ledger": typeof model_ledger;
  "model/limits": typeof model_limits;
  "model/managementKeys": typeof model_managementKeys;
  "model/provisionedKeys": typeof model_provisionedKeys;
  "model/pruners": typeof model_pruners;
  "model/secrets": typeof model_secrets;
  "model/sessions": typeof model_sessions;
  "model/signIns": typeof model_signIns;
  "model/status": typeof model_status;
  "model/suspension": typeof model_suspension;
  "model/tickets": typeof model_tickets;
  "model/upsert": typeof model_upsert;
  "model/usageDaily": typeof model_usageDaily;
  "model/usageRead": typeof model_usageRead;
  "model/users": typeof model_users;
  oauth: typeof oauth;
  openclaw: typeof openclaw;
  providerKeys: typeof providerKeys;
  provisionedKeys: typeof provisionedKeys;
  reconciliation: typeof reconciliation;
  refresh: typeof refresh;
  retention: typeof retention;
  secretRotation: typeof secretRotation;
  secrets: typeof secrets;
  sessions: typeof sessions;
  suspension: typeof suspension;
  usage: typeof usage;
  usageRollup: typeof usageRollup;
  users: typeof users;
}>;

/**
 * A utility for referencing Convex functions in your app's public API.
 *
 * Usage:
 * ```js
 * const myFunctionReference = api.myModule.myFunction;
 * ```
 */
export declare const api: FilterApi<
  typeof fullApi,
  FunctionReference<any, "public">
>;

/**
 * A utility for referencing Convex functions in your app's internal API.
 *
 * Usage:
 * ```js
 * const myFunctionReference = internal.myModule.myFunction;
 * ```
 */
export declare const internal: FilterApi<
  typeof fullApi,
  FunctionReference<any, "internal">
>;

export declare const components: {
  rateLimiter: import("@convex-dev/rate-limiter/_generated/component.js").ComponentApi<"rateLimiter">;
  migrations: import("@convex-dev/migrations/_generated/component.js").ComponentApi<"migrations">;
};
