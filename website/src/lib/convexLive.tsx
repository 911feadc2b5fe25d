import { ConvexQueryClient, convexQuery } from "@convex-dev/react-query";
import type { QueryClient } from "@tanstack/react-query";
import { ConvexProvider, ConvexReactClient, usePaginatedQuery } from "convex/react";
import { api } from "../../../convex/_generated/api.js";
import { convexAccount } from "./convexAccount.tsx";
import { convexCredits } from "./convexCredits.tsx";
import { PAGE_SIZE, pagesOf } from "./convexPages.ts";
import type { Connection, LiveSource } from "./live.tsx";
import { followLog } from "./logStream.ts";
import { isSignedOut } from "./requestError.ts";
import { webApi } from "./webApi.ts";

interface ConvexLiveOptions {
  url: string;
  queryClient: QueryClient;
  /** The session is over: the page goes to sign in. */
  onSignedOut: () => void;
}

/** The live data, from Convex over one WebSocket. Signs in with a short token of the session and renews it by itself. */
export function connectConvex({ url, queryClient, onSignedOut }: ConvexLiveOptions): LiveSource {
  const convex = new ConvexReactClient(url, { expectAuth: true, initialAuthTokenReuse: true });
  const convexQueries = new ConvexQueryClient(convex);
  const defaults = queryClient.getDefaultOptions();
  // Keys of Convex queries hold function references; every other key is hashed as before.
  queryClient.setDefaultOptions({
    ...defaults,
    queries: { ...defaults.queries, queryKeyHashFn: convexQueries.hashFn() },
  });
  convexQueries.connect(queryClient);
  const read = convexQueries.queryFn();
  const watched = watchConnection(convex, onSignedOut);
  const { instance, observation } = REFERENCES;
  return {
    Provider: ({ children }) => <ConvexProvider client={convex}>{children}</ConvexProvider>,
    queries: {
      instance: { ...keyOf(convexQuery(instance, {})), queryFn: read<typeof instance> },
      observation: { ...keyOf(convexQuery(observation, {})), queryFn: read<typeof observation> },
    },
    Ledger,
    AuditLog,
    account: convexAccount(convexQueries, watched.renewing),
    credits: convexCredits(convexQueries),
    followLog,
    connection: watched,
  };
}

const REFERENCES = {
  instance: api.openclaw.myInstance,
  observation: api.openclaw.myDevices,
};

function keyOf({ queryKey }: { queryKey: readonly unknown[] }) {
  return { queryKey, staleTime: Infinity };
}

const Ledger: LiveSource["Ledger"] = ({ children }) =>
  children(pagesOf(usePaginatedQuery(api.billing.myLedger, {}, { initialNumItems: PAGE_SIZE })));

const AuditLog: LiveSource["AuditLog"] = ({ children }) =>
  children(pagesOf(usePaginatedQuery(api.audit.myEvents, {}, { initialNumItems: PAGE_SIZE })));

/** Signs the client in and follows its state. */
function watchConnection(convex: ConvexReactClient, onSignedOut: () => void) {
  let refused = false;
  let renewing = false;
  let withoutToken = false;
  let hadToken = false;
  const listeners = new Set<() => void>();
  const tell = () => {
    for (const listener of listeners) listener();
  };
  const signIn = () =>
    convex.setAuth(
      () =>
        fetchToken(onSignedOut, (failed) => {
          withoutToken = failed;
          hadToken ||= !failed;
          tell();
        }),
      (authenticated) => {
        refused = !authenticated;
        renewing = false;
        tell();
      },
    );
  signIn();
  convex.subscribeToConnectionState(tell);
  return {
    renewing: async <T,>(act: () => Promise<T>): Promise<T> => {
      renewing = true;
      tell();
      try {
        return await act();
      } finally {
        signIn();
      }
    },
    subscribe: (listener: () => void) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    current: (): Connection => {
      if (renewing) return "renewing";
      if (refused) return "refused";
      const { isWebSocketConnected, hasEverConnected } = convex.connectionState();
      if (isWebSocketConnected && !withoutToken) return "connected";
      return hasEverConnected && hadToken ? "lost" : "connecting";
    },
  };
}

/**
 * A token for the live connection. The client gives up for good on a rejected fetch, so a door that does not answer is
 * asked again, ever more slowly; only the end of the session is an end. `onTry` hears how each try ended.
 */
async function fetchToken(onSignedOut: () => void, onTry: (failed: boolean) => void): Promise<string | null> {
  for (let pause = 500; ; pause = Math.min(pause * 2, 15_000)) {
    try {
      const { token } = await webApi.convexToken();
      onTry(false);
      return token;
    } catch (error) {
      onTry(true);
      if (isSignedOut(error)) {
        onSignedOut();
        return null;
      }
      await new Promise((resolve) => setTimeout(resolve, pause));
    }
  }
}
