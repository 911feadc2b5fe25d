import { type ConvexQueryClient, convexQuery } from "@convex-dev/react-query";
import { usePaginatedQuery } from "convex/react";
import { api } from "../../../convex/_generated/api.js";
import { PAGE_SIZE, pagesOf } from "./convexPages.ts";
import type { CreditsSource } from "./creditsLive.ts";

const standing = api.billing.myStanding;
const alerts = api.alerts.mine;
const keys = api.provisionedKeys.myKeys;
const key = api.provisionedKeys.myKey;
const summary = api.usage.mySummary;
const call = api.usage.myCall;

/** The live data of credits, over the page's one connection. */
export function convexCredits(convexQueries: ConvexQueryClient): CreditsSource {
  const read = convexQueries.queryFn();
  return {
    queries: {
      standing: { ...keyOf(convexQuery(standing, {})), queryFn: read<typeof standing> },
      keys: { ...keyOf(convexQuery(keys, {})), queryFn: read<typeof keys> },
      alerts: { ...keyOf(convexQuery(alerts, {})), queryFn: read<typeof alerts> },
    },
    key: (hash) => ({ ...keyOf(convexQuery(key, { hash })), queryFn: read<typeof key> }),
    usage: (asked) => ({ ...keyOf(convexQuery(summary, { ...asked })), queryFn: read<typeof summary> }),
    call: (holdId) => ({ ...keyOf(convexQuery(call, { hold_id: holdId })), queryFn: read<typeof call> }),
    Calls,
    Mismatches,
  };
}

function keyOf({ queryKey }: { queryKey: readonly unknown[] }) {
  return { queryKey, staleTime: Infinity };
}

const FIRST = { initialNumItems: PAGE_SIZE };

const Calls: CreditsSource["Calls"] = ({ keyHash, children }) =>
  children(pagesOf(usePaginatedQuery(api.usage.myEvents, { key: keyHash }, FIRST)));

const Mismatches: CreditsSource["Mismatches"] = ({ children }) =>
  children(pagesOf(usePaginatedQuery(api.alerts.forAdmins, {}, FIRST)));
