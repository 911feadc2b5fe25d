import type { MyAccount, MyAuthEvent, SignIn } from "@oa/contract/accountsApi";
import type { AdminInstance, AdminUser } from "@oa/contract/admin";
import { useQuery } from "@tanstack/react-query";
import type { ComponentType } from "react";
import { type Live, liveOf, type LiveQuery, type Observation, type PagesProps, useLive } from "./live.tsx";

/** The live data of accounts; a part of `LiveSource`. */
export interface AccountSource {
  queries: {
    account: LiveQuery<MyAccount>;
    signIns: LiveQuery<SignIn[]>;
  };
  /** Newest first. */
  Events: ComponentType<PagesProps<MyAuthEvent>>;
  /** For admins. Newest first; with `email`, the beginning of an address, in order of the address. */
  Users: ComponentType<PagesProps<AdminUser> & { email: string }>;
  /** For admins. Newest first. */
  Instances: ComponentType<PagesProps<AdminInstance>>;
  /** For admins. What the fleet last reported of someone's instance; null where there is none, or no report yet. */
  observationOf: (userId: string) => LiveQuery<Observation | null>;
  /** For an act that gives the browser another session of the same person: the live connection goes on with that one. */
  renewing: <T>(act: () => Promise<T>) => Promise<T>;
}

/** Who is signed in, and how they may. */
export function useAccount(): Live<MyAccount> {
  return liveOf(useQuery(useLive().account.queries.account));
}

/** Browsers, editors and terminals that are signed in. */
export function useSignIns(): Live<SignIn[]> {
  return liveOf(useQuery(useLive().account.queries.signIns));
}

/** For admins: someone's devices, as their fleet last reported them. */
export function useObservationOf(userId: string): Live<Observation | null> {
  return liveOf(useQuery(useLive().account.observationOf(userId)));
}
