import type { LimitName } from "@oa/contract";
import { HOUR, MINUTE } from "@convex-dev/rate-limiter";

/** A bucket that holds `capacity` attempts and gets `rate` new ones in each `period` (ms). */
interface Limit {
  kind: "token bucket";
  rate: number;
  period: number;
  capacity: number;
}

function per(period: number, rate: number, capacity = rate): Limit {
  return { kind: "token bucket", rate, period, capacity };
}

/**
 * How often things may be tried. Keys: `_ip` an address (of IPv6 its /64), `_email` the hash of an e-mail, `_user` and
 * `_family` an id. A name that the contract has and this table lacks does not compile.
 */
export const LIMITS: { readonly [Name in LimitName]: Limit } = {
  sign_in_ip: per(MINUTE, 10),
  sign_in_email: per(MINUTE, 5),
  sign_up_ip: per(HOUR, 5),
  reset_ip: per(HOUR, 10),
  reset_email: per(HOUR, 3),
  verify_user: per(HOUR, 5),
  /** Guesses of someone who sits at another's open session. */
  password_user: per(10 * MINUTE, 5),
  /** Mailed links that are tried out. */
  link_use_ip: per(HOUR, 30),
  oauth_start_ip: per(10 * MINUTE, 30),
  flow_start_ip: per(HOUR, 20),
  device_start_ip: per(HOUR, 10),
  /** Polls of all the clients behind an address; each flow has its own interval besides. */
  flow_poll_ip: per(MINUTE, 60),
  /** Codes of eight letters that are tried out. */
  user_code_user: per(10 * MINUTE, 20),
  editor_open_user: per(10 * MINUTE, 20),
  refresh_ip: per(MINUTE, 60),
  refresh_family: per(HOUR, 30),
  key_rotate_user: per(HOUR, 20),
  /** New keys and new secrets: all of a user's hundred keys may be made anew at once, and revoked ones are kept for good. */
  provisioned_key_user: per(HOUR, 120, 200),
  /** Files of a whole ledger. */
  export_user: per(10 * MINUTE, 30),
  /** Model calls that are let through, of an account and of one provisioned key. */
  inference_user: per(MINUTE, 600),
  inference_key: per(MINUTE, 600),
};
