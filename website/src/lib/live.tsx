import type { InstanceSummary } from "@oa/contract/instance";
import type { MicroUsd } from "@oa/contract/money";
import type { DeviceLists, GatewayState, JobReport } from "@oa/contract/runtime";
import type { WebConfig } from "@oa/contract/worker";
import { type QueryClient, type QueryFunctionContext, useQuery, type UseQueryResult } from "@tanstack/react-query";
import {
  type ComponentType,
  createContext,
  type PropsWithChildren,
  type ReactNode,
  useContext,
  useSyncExternalStore,
} from "react";
import type { AccountSource } from "./accountLive.ts";
import type { CreditsSource } from "./creditsLive.ts";
import type { FollowLog } from "./logStream.ts";
import { type Jobs, NO_JOBS } from "./jobView.ts";
import { isSignedOut } from "./requestError.ts";

/**
 * What the page shows live. Components use the hooks below; where the data comes from (`convexLive.tsx`, or made-up data
 * in `fixtures/`) is decided where the router is made.
 */
export interface LiveSource {
  /** Wraps the private pages. */
  Provider: ComponentType<PropsWithChildren>;
  queries: {
    /** Null where the user has none. */
    instance: LiveQuery<InstanceSummary | null>;
    /** Null until the instance has reported once. */
    observation: LiveQuery<Observation | null>;
  };
  /** Newest first. */
  Ledger: ComponentType<PagesProps<LedgerEntry>>;
  /** Newest first. */
  AuditLog: ComponentType<PagesProps<AuditLine>>;
  account: AccountSource;
  credits: CreditsSource;
  /** New lines of the log of the signed-in user's gateway. */
  followLog: FollowLog;
  connection: {
    subscribe: (onChange: () => void) => () => void;
    current: () => Connection;
  };
}

/** A query whose cached value is kept current by its source. */
export interface LiveQuery<T> {
  queryKey: readonly unknown[];
  queryFn: (context: QueryFunctionContext) => Promise<T>;
  staleTime: number;
}

/** A list that is read page by page hands what has come to its child. */
export interface PagesProps<T> {
  children: (pages: LivePages<T>) => ReactNode;
}

export interface LivePages<T> {
  items: readonly T[];
  /** `first`: nothing has come yet; `next`: more was asked for; `more`: there is more to ask for; `end`: that is all. */
  state: "first" | "next" | "more" | "end";
  loadMore: () => void;
}

export type Live<T> = { state: "loading" } | { state: "failed"; error: Error } | { state: "ready"; value: T };

/**
 * `connecting` the first time; `lost` after it was there; `refused`: signed in, but the live connection is not let in;
 * `renewing`: the browser's session is being replaced by another of the same person.
 */
export type Connection = "connecting" | "connected" | "lost" | "refused" | "renewing";

/** What the fleet last reported of an instance. */
export interface Observation {
  /** When the gateway was last looked at; milliseconds since 1970. */
  observed_at: number;
  gateway: { status: GatewayState; reason: string | null } | null;
  /** The last lists the gateway gave; null before the first. */
  devices: DeviceLists | null;
  /** When `devices` was true: older than `observed_at` while the gateway is down. */
  devices_observed_at: number | null;
  /** The long work of the instance and how the last one ended; null before the first report of it. */
  jobs: JobReport | null;
}

export interface LedgerEntry {
  /** Counts the owner's entries from 1. */
  seq: number;
  /** Negative for a debit. */
  amount_microusd: MicroUsd;
  balance_after_microusd: MicroUsd;
  /** What it was for, in words. */
  description: string;
  /** The call it is of; null where it is of none. */
  hold_id: string | null;
  created_at: number;
}

/** One line of the audit log. An act that changes something has two with the same `act_id`: begun, and how it ended. */
export interface AuditLine {
  act_id: string;
  /** `noun.verb`, as the control plane writes it. */
  action: string;
  target: string | null;
  via: "session" | "internal" | "terminal" | "system";
  result: "started" | "ok" | "failed";
  /** Error code of a failure. */
  code: string | null;
  ip: string | null;
  created_at: number;
}

/** Opens the live connection; called before the first private page shows, and once a document. */
export type ConnectLive = (config: WebConfig, queryClient: QueryClient) => Promise<LiveSource>;

const LiveContext = createContext<LiveSource | null>(null);

export function LiveProvider({ source, children }: PropsWithChildren<{ source: LiveSource }>) {
  return (
    <LiveContext value={source}>
      <source.Provider>{children}</source.Provider>
    </LiveContext>
  );
}

/** The live data. Throws outside `LiveProvider`. */
export function useLive(): LiveSource {
  const source = useContext(LiveContext);
  if (source === null) throw new Error("useLive needs a LiveProvider above it");
  return source;
}

export function useInstance(): Live<InstanceSummary | null> {
  return liveOf(useQuery(useLive().queries.instance));
}

export function useObservation(): Live<Observation | null> {
  return liveOf(useQuery(useLive().queries.observation));
}

/** The long work of the signed-in user's instance; nothing while no report has come. */
export function useJobs(): Jobs {
  const seen = useObservation();
  return (seen.state === "ready" ? seen.value?.jobs : null) ?? NO_JOBS;
}

export function useConnection(): Connection {
  const { connection } = useLive();
  return useSyncExternalStore(connection.subscribe, connection.current);
}

/** A kept-current query as the page shows it. */
export function liveOf<T>(query: UseQueryResult<T>): Live<T> {
  switch (query.status) {
    case "pending":
      return { state: "loading" };
    case "error":
      // A session that ends is not a failure of what is shown: the page leaves, or goes on with the next session.
      return query.data !== undefined && isSignedOut(query.error)
        ? { state: "ready", value: query.data }
        : { state: "failed", error: query.error };
    case "success":
      return { state: "ready", value: query.data };
  }
}
