import { ApiError } from "@oa/contract";
import { SignJWT, calculateJwkThumbprint, exportJWK, importJWK, importPKCS8 } from "jose";
import type { CryptoKey } from "jose";
import * as z from "zod";
import type { Config } from "../config.ts";

/** How long a browser's token is good; the page fetches the next one in time. */
const TOKEN_TTL_MS = 30 * 60 * 1000;
/** Issued a little in the past, for a Convex whose clock is behind. */
const CLOCK_SKEW_MS = 2_000;

const PrivateJwk = z.object({
  kty: z.literal("EC"),
  crv: z.literal("P-256"),
  x: z.string(),
  y: z.string(),
  d: z.string(),
  kid: z.string().optional(),
});

interface Signer {
  key: CryptoKey | Uint8Array;
  kid: string;
}

/** Importing a key costs more than signing with it. */
const signers = new Map<string, Promise<Signer>>();

/**
 * An ES256 token for the browser's own connection to Convex (`customJwt`): `sub` is the user, `tv` the token version,
 * which Convex compares on every call, so that signing out everywhere ends it at once. `now` in ms.
 */
export async function convexToken(
  config: Config["convexJwt"],
  who: { userId: string; tokenVersion: number },
  now: number,
): Promise<{ token: string; expires_at: number }> {
  const signer = await signerOf(config);
  const expiresAt = now + TOKEN_TTL_MS;
  const token = await new SignJWT({ tv: who.tokenVersion })
    .setProtectedHeader({ alg: "ES256", typ: "JWT", kid: signer.kid })
    .setIssuer(config.issuer)
    .setAudience("convex")
    .setSubject(who.userId)
    .setIssuedAt(Math.floor((now - CLOCK_SKEW_MS) / 1000))
    .setExpirationTime(Math.floor(expiresAt / 1000))
    .sign(signer.key);
  return { token, expires_at: expiresAt };
}

async function signerOf(config: Config["convexJwt"]): Promise<Signer> {
  const id = `${config.keyId ?? ""}\n${config.privateKey}`;
  const signer = signers.get(id) ?? load(config);
  signers.set(id, signer);
  try {
    return await signer;
  } catch {
    signers.delete(id);
    const variables = [{ variable: "OA_CONVEX_JWT_PRIVATE_KEY", message: "is not a P-256 key" }];
    throw new ApiError(
      "not_configured",
      "The Worker is not configured: OA_CONVEX_JWT_PRIVATE_KEY is not a P-256 key.",
      { variables },
    );
  }
}

async function load({ privateKey, keyId }: Config["convexJwt"]): Promise<Signer> {
  if (privateKey.startsWith("{")) {
    const { kid, ...jwk } = PrivateJwk.parse(JSON.parse(privateKey));
    return { key: await importJWK(jwk, "ES256"), kid: keyId ?? kid ?? (await calculateJwkThumbprint(jwk)) };
  }
  const key = await importPKCS8(privateKey, "ES256", { extractable: keyId === null });
  return { key, kid: keyId ?? (await calculateJwkThumbprint(await exportJWK(key))) };
}
