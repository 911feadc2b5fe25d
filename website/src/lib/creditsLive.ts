import type { ProvisionedKey, ProvisionedKeyInfo } from "@oa/contract/keys";
import type { ModelPrice } from "@oa/contract/pricing";
import type { AccountStanding, CreditAlert, UsageEvent, UsageGroup, UsageSummary } from "@oa/contract/usage";
import { useQuery } from "@tanstack/react-query";
import type { ComponentType } from "react";
import { type Live, liveOf, type LiveQuery, type PagesProps, useLive } from "./live.tsx";

/** The live data of credits, keys and usage; a part of `LiveSource`. */
export interface CreditsSource {
  queries: {
    standing: LiveQuery<AccountStanding>;
    /** Living keys, newest first. */
    keys: LiveQuery<ProvisionedKey[]>;
    /** Those not put away first, the newest of each first. */
    alerts: LiveQuery<CreditAlert[]>;
  };
  /** Refused with `not_found` for a hash of nobody's or of someone else's. */
  key: (hash: string) => LiveQuery<ProvisionedKeyInfo>;
  usage: (asked: UsageAsked) => LiveQuery<UsageSummary>;
  /** Null for a call that is not the user's, or is no longer kept. */
  call: (holdId: string) => LiveQuery<CallDetail | null>;
  /** Settled calls, newest first; of one key, or of all (null). */
  Calls: ComponentType<PagesProps<UsageEvent> & { keyHash: string | null }>;
  /** For admins. Accounts whose books do not add up, newest first. */
  Mismatches: ComponentType<PagesProps<AdminAlert>>;
}

/** An alert for administrators, and whose account it is about. */
export interface AdminAlert {
  user_id: string;
  alert: CreditAlert;
}

/** Both days count; UTC. */
export interface UsageAsked {
  group: UsageGroup;
  from: string;
  to: string;
}

export interface CallDetail {
  event: UsageEvent;
  /** The price it was let through with; null where it is no longer kept. */
  price: ModelPrice | null;
}

export function useStanding(): Live<AccountStanding> {
  return liveOf(useQuery(useLive().credits.queries.standing));
}

export function useKeys(): Live<ProvisionedKey[]> {
  return liveOf(useQuery(useLive().credits.queries.keys));
}

export function useKey(hash: string): Live<ProvisionedKeyInfo> {
  return liveOf(useQuery(useLive().credits.key(hash)));
}

export function useUsage(asked: UsageAsked): Live<UsageSummary> {
  return liveOf(useQuery(useLive().credits.usage(asked)));
}

export function useCall(holdId: string): Live<CallDetail | null> {
  return liveOf(useQuery(useLive().credits.call(holdId)));
}

/** What its owner has not put away yet, newest first. */
export function useOpenAlerts(): readonly CreditAlert[] {
  const alerts = liveOf(useQuery(useLive().credits.queries.alerts));
  return alerts.state === "ready" ? alerts.value.filter(({ seen_at }) => seen_at === null) : [];
}
