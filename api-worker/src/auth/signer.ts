import { ApiError } from "@oa/contract";
import { calculateJwkThumbprint, exportJWK, importJWK, importPKCS8 } from "jose";
import type { CryptoKey } from "jose";
import * as z from "zod";
import type { Config } from "../config.ts";
import type { PublicKey } from "../env.ts";

const PrivateJwk = z.object({
  kty: z.literal("EC"),
  crv: z.literal("P-256"),
  x: z.string(),
  y: z.string(),
  d: z.string(),
  kid: z.string().optional(),
});

/** The ES256 key of this installation, ready to sign. */
export interface Signer {
  key: CryptoKey | Uint8Array;
  kid: string;
  /** Its public half, then those of the keys before it: whose tokens are believed. */
  publicKeys: PublicKey[];
}

/** Importing a key costs more than signing with it. */
const signers = new Map<string, Promise<Signer>>();

/** @throws ApiError `not_configured` where the variables hold no P-256 key, or two keys of one name. */
export async function signerOf(config: Config["convexJwt"]): Promise<Signer> {
  const id = JSON.stringify([config.keyId, config.privateKey, config.previousKeys]);
  const signer = signers.get(id) ?? load(config);
  signers.set(id, signer);
  try {
    return await signer;
  } catch (error) {
    signers.delete(id);
    throw error instanceof ApiError ? error : unusable("OA_CONVEX_JWT_PRIVATE_KEY", "is not a P-256 key");
  }
}

async function load({ privateKey, keyId, previousKeys }: Config["convexJwt"]): Promise<Signer> {
  const given: unknown = privateKey.startsWith("{")
    ? JSON.parse(privateKey)
    : await exportJWK(await importPKCS8(privateKey, "ES256", { extractable: true }));
  const { kid: ownKid, ...jwk } = PrivateJwk.parse(given);
  const kid = keyId ?? ownKid ?? (await calculateJwkThumbprint(jwk));
  const { d: _private, ...open } = jwk;
  const others = previousKeys.filter(({ x, y }) => x !== jwk.x || y !== jwk.y);
  if (new Set([kid, ...others.map((key) => key.kid)]).size <= others.length) {
    throw unusable(
      "OA_CONVEX_JWT_KEY_ID",
      "names two different keys: give the present one a name that no key of OA_CONVEX_JWT_PUBLIC_KEYS_PREVIOUS has",
    );
  }
  return {
    key: await importJWK(jwk, "ES256"),
    kid,
    publicKeys: [{ ...open, kid, alg: "ES256", use: "sig" }, ...others],
  };
}

function unusable(variable: string, message: string): ApiError {
  return new ApiError("not_configured", `The Worker is not configured: ${variable} ${message}.`, {
    variables: [{ variable, message }],
  });
}
