import * as z from "zod";
import { Millis, UserId } from "./ids.ts";

/** Users and sessions as the Worker and Convex speak of them. Passwords never leave the Worker; Convex sees their hash. */

/** In lower case once it is known to be ASCII: elsewhere two letters may have one lower case, and two people one address. */
export const Email = z.string().trim().max(254).pipe(z.email("that is not an e-mail address").toLowerCase());

/** NFKC, so that the same keys give the same password on every keyboard. */
export const Password = z
  .string()
  .min(10, "use at least 10 characters")
  .max(256, "use at most 256 characters")
  .transform((value) => value.normalize("NFKC"));

export const User = z.object({ user_id: UserId, email: z.string(), created_at: Millis });
export type User = z.infer<typeof User>;

/** SHA-256 of the session cookie, hex. */
const Sha256Hex = z.string().regex(/^[0-9a-f]{64}$/);

export const SessionStart = z.object({
  session_hash: Sha256Hex,
  ip: z.string().max(64).nullable(),
  user_agent: z.string().max(400).nullable(),
  /** For people: "Lisbon, PT"; null where the network in front does not say. */
  place: z.string().max(120).nullable().default(null),
});

/** `taken` when the e-mail has an account. Makes user, session and the sign-up grant in one transaction. */
export const SignUpRequest = z.object({
  email: Email,
  /** `scrypt$<log2 N>$<r>$<p>$<salt>$<hash>`, base64url. */
  password_hash: z.string().min(20).max(400),
  session: SessionStart,
});
export const SignUpResult = z.object({ user: User });

export const CredentialsRequest = z.object({ email: Email });
/** Null for an unknown e-mail, and for a person without a password: the Worker then hashes a dummy, so that both take as long. */
export const CredentialsResult = z.object({
  credentials: z.object({ user: User, password_hash: z.string() }).nullable(),
});

/**
 * POST opens a session for someone whose password was checked against `proven_hash`. `conflict` where that is no longer the
 * stored one: a password that was changed in the meantime opens nothing. `rehash` takes its place when its parameters have risen.
 */
export const OpenSessionRequest = z.object({
  user_id: UserId,
  session: SessionStart,
  proven_hash: z.string().min(20).max(400),
  rehash: z.string().min(20).max(400).optional(),
});

/** POST `{ session_hash }` -> `{ session }`: looks one up and slides its expiry; DELETE ends it. */
export const SessionRequest = z.object({ session_hash: Sha256Hex });
export const SessionResult = z.object({
  session: z
    .object({
      /** Names the session where its hash must not go: in the browser's Convex token, in lists. */
      session_id: z.string(),
      user: User,
      created_at: Millis,
      expires_at: Millis,
      token_version: z.int().nonnegative(),
      /** In `ADMIN_EMAILS`, with a verified e-mail. */
      is_admin: z.boolean(),
    })
    .nullable(),
});

/** Sessions end 30 days after they were last used. */
export const SESSION_TTL_MS = 30 * 24 * 60 * 60 * 1000;
