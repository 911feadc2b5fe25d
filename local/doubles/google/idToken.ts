import { createHash, randomUUID } from "node:crypto";
import { exportJWK, generateKeyPair, type JWK, SignJWT } from "jose";
import type { Person } from "../oauth/people.ts";

/** Signs ID tokens as Google does: RS256, a key id in the header. */
export interface IdTokenSigner {
  /** The published half, for the JWKS endpoint. */
  publicKey: JWK;
  sign(options: {
    issuer: string;
    clientId: string;
    person: Person;
    nonce: string | null;
    accessToken: string;
    /** Milliseconds since 1970. */
    now: number;
  }): Promise<string>;
}

const ALGORITHM = "RS256";
const LIFETIME_SECONDS = 3600;

/** A signer with a key of its own, which ends with it. */
export async function createIdTokenSigner(): Promise<IdTokenSigner> {
  const { publicKey, privateKey } = await generateKeyPair(ALGORITHM);
  const kid = randomUUID();
  const jwk = await exportJWK(publicKey);
  return {
    publicKey: { ...jwk, kid, alg: ALGORITHM, use: "sig" },
    async sign({ issuer, clientId, person, nonce, accessToken, now }) {
      const issuedAt = Math.floor(now / 1000);
      // OpenID Connect Core section 3.1.3.6: the left half of the digest.
      const digest = createHash("sha256").update(accessToken).digest();
      const claims = {
        azp: clientId,
        at_hash: digest.subarray(0, digest.length / 2).toString("base64url"),
        ...userinfo(person),
        ...(nonce === null ? {} : { nonce }),
      };
      return new SignJWT(claims)
        .setProtectedHeader({ alg: ALGORITHM, kid, typ: "JWT" })
        .setIssuer(issuer)
        .setAudience(clientId)
        .setIssuedAt(issuedAt)
        .setExpirationTime(issuedAt + LIFETIME_SECONDS)
        .sign(privateKey);
    },
  };
}

/** What Google tells of a person, in the ID token and at the userinfo endpoint. */
export function userinfo(person: Person) {
  const [first] = person.emails;
  return {
    sub: String(person.id),
    email: first.email,
    email_verified: first.verified,
    ...(person.name === null ? {} : { name: person.name, given_name: person.name.split(" ", 1)[0] ?? person.name }),
  };
}
