import { type ConvexQueryClient, convexQuery } from "@convex-dev/react-query";
import { usePaginatedQuery } from "convex/react";
import { api } from "../../../convex/_generated/api.js";
import type { AccountSource } from "./accountLive.ts";
import { PAGE_SIZE, pagesOf } from "./convexPages.ts";
import { useConnection } from "./live.tsx";

const account = api.accounts.mine;
const signIns = api.sessions.mySignIns;
const devices = api.admin.devices;

/** The live data of accounts, over the page's one connection. */
export function convexAccount(convexQueries: ConvexQueryClient, renewing: AccountSource["renewing"]): AccountSource {
  const read = convexQueries.queryFn();
  return {
    queries: {
      account: { queryKey: convexQuery(account, {}).queryKey, queryFn: read<typeof account>, staleTime: Infinity },
      signIns: { queryKey: convexQuery(signIns, {}).queryKey, queryFn: read<typeof signIns>, staleTime: Infinity },
    },
    Events,
    Users,
    Instances,
    observationOf: (userId) => ({
      queryKey: convexQuery(devices, { user_id: userId }).queryKey,
      queryFn: read<typeof devices>,
      staleTime: Infinity,
    }),
    renewing,
  };
}

const FIRST = { initialNumItems: PAGE_SIZE };

// Not asked for between two sessions: a page of a list that is refused takes the whole page with it.
const Events: AccountSource["Events"] = ({ children }) => {
  const args = useConnection() === "renewing" ? "skip" : {};
  return children(pagesOf(usePaginatedQuery(api.authEvents.mine, args, FIRST)));
};

const Users: AccountSource["Users"] = ({ email, children }) =>
  children(pagesOf(usePaginatedQuery(api.admin.users, email === "" ? {} : { email }, FIRST)));

const Instances: AccountSource["Instances"] = ({ children }) =>
  children(pagesOf(usePaginatedQuery(api.admin.instances, {}, FIRST)));
