import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import type { Person } from "./people.ts";

/** RFC 6749 section 4.1.2 asks for ten minutes at most; GitHub gives exactly that. */
export const CODE_LIFETIME_MS = 10 * 60_000;
/** More than any session of development or tests opens; the oldest go first. */
const MAX_KEPT = 10_000;

/** What a person agreed to. */
export interface Grant {
  clientId: string;
  person: Person;
  scopes: readonly string[];
}

/** A grant that waits behind a code for its client. */
export interface CodeGrant extends Grant {
  redirectUri: string;
  /** RFC 7636 S256 challenge; null when the application sent none. */
  challenge: string | null;
  /** OpenID Connect nonce. */
  nonce: string | null;
}

/** Codes and access tokens of one double, in memory: they end with it. Time comes from `now` (milliseconds). */
export class GrantStore {
  readonly #now: () => number;
  readonly #codes = new Map<string, { grant: CodeGrant; expiresAt: number }>();
  readonly #tokens = new Map<string, Grant>();

  constructor(now: () => number) {
    this.#now = now;
  }

  /** A code that can be redeemed once within ten minutes. */
  issueCode(grant: CodeGrant): string {
    const code = randomBytes(10).toString("hex");
    keep(this.#codes, code, { grant, expiresAt: this.#now() + CODE_LIFETIME_MS });
    return code;
  }

  /** The grant behind a code, which is used up by asking; null for a code that is unknown, used or too old. */
  takeCode(code: string): CodeGrant | null {
    const found = this.#codes.get(code);
    this.#codes.delete(code);
    return found === undefined || found.expiresAt <= this.#now() ? null : found.grant;
  }

  /** An access token; `prefix` is the provider's own, put behind `double_`. */
  issueToken(grant: Grant, prefix: string): string {
    const token = `double_${prefix}${randomBytes(18).toString("hex")}`;
    keep(this.#tokens, token, grant);
    return token;
  }

  tokenGrant(token: string): Grant | null {
    return this.#tokens.get(token) ?? null;
  }
}

function keep<V>(map: Map<string, V>, key: string, value: V): void {
  map.set(key, value);
  const oldest = map.keys().next();
  if (map.size > MAX_KEPT && oldest.done !== true) map.delete(oldest.value);
}

/** True for a challenge as RFC 7636 section 4.2 makes it with S256: 43 characters of base64url. */
export function isS256Challenge(challenge: string): boolean {
  return /^[A-Za-z0-9_-]{43}$/.test(challenge);
}

/**
 * Whether the verifier at the token endpoint is the one the challenge was made from. A verifier without a challenge is wrong
 * too: else an attacker who strips the challenge from the first request would not be noticed (RFC 9700 section 2.1.1).
 */
export function verifierMatches(challenge: string | null, verifier: string | null): boolean {
  if (challenge === null || verifier === null) return challenge === verifier;
  if (!/^[A-Za-z0-9._~-]{43,128}$/.test(verifier)) return false;
  return sameText(createHash("sha256").update(verifier).digest("base64url"), challenge);
}

/** Equality in a time that does not tell where two texts differ. */
export function sameText(left: string, right: string): boolean {
  const digest = (text: string): Buffer => createHash("sha256").update(text).digest();
  return timingSafeEqual(digest(left), digest(right));
}
