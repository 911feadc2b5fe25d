import { SignJWT } from "jose";
import type { Config } from "../config.ts";
import { signerOf } from "./signer.ts";

/** How long a browser's token is good; the page fetches the next one in time. */
const TOKEN_TTL_MS = 30 * 60 * 1000;
/** Issued a little in the past, for a Convex whose clock is behind. */
const CLOCK_SKEW_MS = 2_000;

/**
 * An ES256 token for the browser's own connection to Convex (`customJwt`): `sub` is the user, `tv` the token version and
 * `sid` the session, which Convex looks up on every call, so that ending either ends live queries at once. `now` in ms.
 */
export async function convexToken(
  config: Config["convexJwt"],
  who: { userId: string; tokenVersion: number; sessionId: string },
  now: number,
): Promise<{ token: string; expires_at: number }> {
  const signer = await signerOf(config);
  const expiresAt = now + TOKEN_TTL_MS;
  const token = await new SignJWT({ tv: who.tokenVersion, sid: who.sessionId })
    .setProtectedHeader({ alg: "ES256", typ: "JWT", kid: signer.kid })
    .setIssuer(config.issuer)
    .setAudience("convex")
    .setSubject(who.userId)
    .setIssuedAt(Math.floor((now - CLOCK_SKEW_MS) / 1000))
    .setExpirationTime(Math.floor(expiresAt / 1000))
    .sign(signer.key);
  return { token, expires_at: expiresAt };
}
