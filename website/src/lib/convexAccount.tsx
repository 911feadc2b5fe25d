import { type ConvexQueryClient, convexQuery } from "@convex-dev/react-query";
import type { MyAccount, MyAuthEvent } from "@oa/contract/accountsApi";
import type { AdminInstance, AdminUser } from "@oa/contract/admin";
import { usePaginatedQuery } from "convex/react";
import { makeFunctionReference, type PaginationOptions, type PaginationResult } from "convex/server";
import type { AccountSource, SignIns } from "./accountLive.ts";
import { PAGE_SIZE, pagesOf } from "./convexPages.ts";

type NoArgs = Record<string, never>;
interface PageArgs extends Record<string, unknown> {
  paginationOpts: PaginationOptions;
}

/** The public queries of the contract (`accountsApi.ts`, `admin.ts`), by their names. */
const account = makeFunctionReference<"query", NoArgs, MyAccount>("account:mine");
const signIns = makeFunctionReference<"query", NoArgs, SignIns>("sessions:mySignIns");
const events = makeFunctionReference<"query", PageArgs, PaginationResult<MyAuthEvent>>("authEvents:mine");
const users = makeFunctionReference<"query", PageArgs & { email?: string }, PaginationResult<AdminUser>>("admin:users");
const instances = makeFunctionReference<"query", PageArgs, PaginationResult<AdminInstance>>("admin:instances");
