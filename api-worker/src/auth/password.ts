import { randomBytes, scryptSync, timingSafeEqual } from "node:crypto";
import * as z from "zod";

/** OWASP's row for 16 MiB: N = 2^14, r = 8, p = 5; fits the isolate's 128 MiB and takes about 0.2 s of CPU. */
const COST = { logN: 14, r: 8, p: 5 } as const;
const HASH_BYTES = 32;
/** scrypt needs 128 * N * r bytes and a little. */
const MAX_MEMORY = 64 * 1024 * 1024;

/** Parameters of a stored hash, bounded, so that a row cannot make the isolate work for minutes. */
const Stored = z
  .string()
  .regex(/^scrypt\$\d{1,2}\$\d{1,2}\$\d{1,2}\$[A-Za-z0-9_-]+\$[A-Za-z0-9_-]+$/)
  .transform((value) => {
    const [, logN, r, p, salt = "", hash = ""] = value.split("$");
    return {
      logN: Number(logN),
      r: Number(r),
      p: Number(p),
      salt: Buffer.from(salt, "base64url"),
      hash: Buffer.from(hash, "base64url"),
    };
  })
  .refine(({ logN, r, p, hash }) => logN <= 16 && r <= 8 && p <= 8 && hash.length === HASH_BYTES);

/** `scrypt$<log2 N>$<r>$<p>$<salt>$<hash>`, base64url: the form `contract/src/accounts.ts` stores. */
export function hashPassword(password: string): string {
  const salt = randomBytes(16);
  const hash = derive(password, salt, COST);
  return `scrypt$${COST.logN}$${COST.r}$${COST.p}$${salt.toString("base64url")}$${hash.toString("base64url")}`;
}

/**
 * True when the password fits. `stored` null (an e-mail nobody has) hashes all the same and is false, so that the time an
 * answer takes does not tell who has an account.
 */
export function verifyPassword(password: string, stored: string | null): boolean {
  const parsed = Stored.safeParse(stored);
  if (!parsed.success) {
    derive(password, DUMMY_SALT, COST);
    return false;
  }
  return timingSafeEqual(derive(password, parsed.data.salt, parsed.data), parsed.data.hash);
}

/** True when a hash was made with other parameters than today's. */
export function needsRehash(stored: string): boolean {
  return !stored.startsWith(`scrypt$${COST.logN}$${COST.r}$${COST.p}$`);
}

const DUMMY_SALT = Buffer.alloc(16, 7);

/** Synchronous on purpose: an isolate then holds the memory of one hash at a time, whatever the number of sign-ins. */
function derive(password: string, salt: Buffer, cost: { logN: number; r: number; p: number }): Buffer {
  return scryptSync(password, salt, HASH_BYTES, { N: 2 ** cost.logN, r: cost.r, p: cost.p, maxmem: MAX_MEMORY });
}
