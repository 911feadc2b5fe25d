import { ApiError } from "@oa/contract";
import { calculateJwkThumbprint, exportJWK, importJWK, importPKCS8 } from "jose";
import type { CryptoKey, JWK } from "jose";
import * as z from "zod";
import type { Config } from "../config.ts";

const PrivateJwk = z.object({
  kty: z.literal("EC"),
  crv: z.literal("P-256"),
  x: z.string(),
  y: z.string(),
  d: z.string(),
  kid: z.string().optional(),
});

/** The ES256 key of this installation, ready to sign, and its public half. */
export interface Signer {
  key: CryptoKey | Uint8Array;
  kid: string;
  publicJwk: JWK & { kid: string };
}

/** Importing a key costs more than signing with it. */
const signers = new Map<string, Promise<Signer>>();

/** @throws ApiError `not_configured` where the variable holds no P-256 key. */
export async function signerOf(config: Config["convexJwt"]): Promise<Signer> {
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
  const given: unknown = privateKey.startsWith("{")
    ? JSON.parse(privateKey)
    : await exportJWK(await importPKCS8(privateKey, "ES256", { extractable: true }));
  const { kid: ownKid, ...jwk } = PrivateJwk.parse(given);
  const kid = keyId ?? ownKid ?? (await calculateJwkThumbprint(jwk));
  const { d: _private, ...open } = jwk;
  return {
    key: await importJWK(jwk, "ES256"),
    kid,
    publicJwk: { ...open, kid, alg: "ES256", use: "sig" },
  };
}
