/* eslint-disable */
/**
 * Generated `api` utility.
 *
 * THIS CODE IS AUTOMATICALLY GENERATED.
 *
 * To regenerate, run `npx convex dev`.
 * @module
 */

import type {
  ApiFromModules,
  FilterApi,
  FunctionReference,
} from "convex/server";
import type * as audit from "../audit.js";
import type * as billing from "../billing.js";
import type * as lib_access from "../lib/access.js";
import type * as lib_errors from "../lib/errors.js";
import type * as lib_instanceView from "../lib/instanceView.js";
import type * as lib_paging from "../lib/paging.js";
import type * as lib_userView from "../lib/userView.js";
import type * as lib_validators from "../lib/validators.js";
import type * as model_instances from "../model/instances.js";
import type * as model_ledger from "../model/ledger.js";
import type * as openclaw from "../openclaw.js";
import type * as users from "../users.js";

/**
 * A utility for referencing Convex functions in your app's API.
 *
 * Usage:
 * ```js
 * const myFunctionReference = api.myModule.myFunction;
 * ```
 */
declare const fullApi: ApiFromModules<{
  audit: typeof audit;
  billing: typeof billing;
  "lib/access": typeof lib_access;
  "lib/errors": typeof lib_errors;
  "lib/instanceView": typeof lib_instanceView;
  "lib/paging": typeof lib_paging;
  "lib/userView": typeof lib_userView;
  "lib/validators": typeof lib_validators;
  "model/instances": typeof model_instances;
  "model/ledger": typeof model_ledger;
  openclaw: typeof openclaw;
  users: typeof users;
}>;
export declare const api: FilterApi<
  typeof fullApi,
  FunctionReference<any, "public">
>;
export declare const internal: FilterApi<
  typeof fullApi,
  FunctionReference<any, "internal">
>;
