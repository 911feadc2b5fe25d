import { EDITOR_AUDIENCE, EDITOR_TOKEN_TTL_MS } from "@oa/contract";
import { SignJWT, createLocalJWKSet, jwtVerify } from "jose";
import * as z from "zod";
import type { Config } from "../config.ts";
import { signerOf } from "./signer.ts";

/** What an editor's JWT says. `sid` is its sign-in (a family of refresh tokens), `tv` the user's token version. */
const Claims = z.object({
  sub: z.string().min(1),
  sid: z.string().min(1),
  tv: z.int().nonnegative(),
  jti: z.string().min(1),
});
export type EditorClaims = z.infer<typeof Claims>;

/** A JWT for the editor's API and inference: ES256, 7 days, `aud: openclaw-api`. `now` in ms. */
export async function editorToken(config: Config["convexJwt"], claims: EditorClaims, now: number): Promise<string> {
  const signer = await signerOf(config);
  return await new SignJWT({ sid: claims.sid, tv: claims.tv })
    .setProtectedHeader({ alg: "ES256", typ: "JWT", kid: signer.kid })
    .setIssuer(config.issuer)
    .setAudience(EDITOR_AUDIENCE)
    .setSubject(claims.sub)
    .setJti(claims.jti)
    .setIssuedAt(Math.floor(now / 1000))
    .setExpirationTime(Math.floor((now + EDITOR_TOKEN_TTL_MS) / 1000))
    .sign(signer.key);
}

/**
 * The claims of a JWT of ours that is for this audience and has not expired; null for anything else. Whether its sign-in
 * still stands is another question (`standing.ts`).
 */
export async function readEditorToken(
  config: Config["convexJwt"],
  token: string,
  now: number,
): Promise<EditorClaims | null> {
  const { publicKeys } = await signerOf(config);
  try {
    const { payload } = await jwtVerify(token, createLocalJWKSet({ keys: publicKeys }), {
      algorithms: ["ES256"],
      issuer: config.issuer,
      audience: EDITOR_AUDIENCE,
      requiredClaims: ["exp", "iat", "jti", "sub"],
      currentDate: new Date(now),
    });
    const claims = Claims.safeParse(payload);
    return claims.success ? claims.data : null;
  } catch {
    return null;
  }
}
