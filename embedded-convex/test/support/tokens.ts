/** An issuer of tokens for tests: its own keys, its own claims. */
import { exportJWK, generateKeyPair, SignJWT, type JWK } from "jose";

export interface Issuer {
  /** The public keys, as a provider publishes them. */
  jwks: { keys: JWK[] };
  /** The same as a `data:` URI, for `auth.config`. */
  dataUri: string;
  /** Signs `claims`; without `expiresIn` (seconds from now, may be negative) for an hour. */
  token(claims: Record<string, unknown>, options?: { expiresIn?: number; kid?: string; alg?: string }): Promise<string>;
}

export async function createIssuer(alg: "ES256" | "RS256" = "ES256", kid = "key-1"): Promise<Issuer> {
  const { publicKey, privateKey } = await generateKeyPair(alg, { extractable: true });
  const jwks = { keys: [{ ...(await exportJWK(publicKey)), kid, alg, use: "sig" }] };
  return {
    jwks,
    dataUri: `data:text/plain;charset=utf-8;base64,${Buffer.from(JSON.stringify(jwks)).toString("base64")}`,
    token(claims, options = {}) {
      const now = Math.floor(Date.now() / 1000);
      return new SignJWT({ iat: now, exp: now + (options.expiresIn ?? 3600), ...claims })
        .setProtectedHeader({ alg, typ: "JWT", kid: options.kid ?? kid })
        .sign(privateKey);
    },
  };
}
