import { type ConvexQueryClient, convexQuery } from "@convex-dev/react-query";
import { usePaginatedQuery } from "convex/react";
import { api } from "../../../convex/_generated/api.js";
import type { AccountSource } from "./accountLive.ts";
import { PAGE_SIZE, pagesOf } from "./convexPages.ts";

const account = api.accounts.mine;
const signIns = api.sessions.mySignIns;

/** The live data of accounts, over the page's one connection. `renew` signs it in again. */
export function convexAccount(convexQueries: ConvexQueryClient, renew: () => void): AccountSource {
  const read = convexQueries.queryFn();
  return {
    queries: {
      account: { queryKey: convexQuery(account, {}).queryKey, queryFn: read<typeof account>, staleTime: Infinity },
      signIns: { queryKey: convexQuery(signIns, {}).queryKey, queryFn: read<typeof signIns>, staleTime: Infinity },
    },
    Events,
    Users,
    Instances,
    renew,
  };
}

const FIRST = { initialNumItems: PAGE_SIZE };

const Events: AccountSource["Events"] = ({ children }) =>
  children(pagesOf(usePaginatedQuery(api.authEvents.mine, {}, FIRST)));

const Users: AccountSource["Users"] = ({ email, children }) =>
  children(pagesOf(usePaginatedQuery(api.admin.users, email === "" ? {} : { email }, FIRST)));

const Instances: AccountSource["Instances"] = ({ children }) =>
  children(pagesOf(usePaginatedQuery(api.admin.instances, {}, FIRST)));
