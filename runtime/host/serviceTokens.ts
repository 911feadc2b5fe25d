import type { ServiceTokens } from "../src/ports.ts";
import type { InstanceRecord } from "./store.ts";

/** The old token of a rotation opens the instance until the new one is first used, and never longer than this. */
export const ROTATION_GRACE_MS = 10 * 60_000;

/** The record's tokens as the gate sees them. */
export function serviceTokensOf(
  read: () => InstanceRecord,
  dropPrevious: () => void,
  now: () => number,
): ServiceTokens {
  const current = () => read().spec?.env.OPENAGENTS_SERVICE_TOKEN;
  return {
    accepted() {
      const token = current();
      if (token === undefined) return [];
      const previous = read().previousServiceToken;
      return previous !== null && previous.until > now() ? [token, previous.token] : [token];
    },
    used(token) {
      if (read().previousServiceToken !== null && token === current()) dropPrevious();
    },
  };
}
