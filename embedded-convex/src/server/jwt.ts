/**
 * Tokens of the app's users: which provider of `auth.config` issued one, whether it is genuine and in time, and the
 * `UserIdentity` it stands for. Providers are `customJwt` ones, with keys from a URL or a `data:` URI.
 */
import {
  createRemoteJWKSet,
  customFetch,
  decodeJwt,
  decodeProtectedHeader,
  errors,
  jwtVerify,
  type FetchImplementation,
  type JWTPayload,
  type JWTVerifyGetKey,
} from "jose";
import { z } from "zod";
import { EngineError, messageOf, type Identity, type Json } from "../engine/types.ts";
import { NOT_HERE } from "../engine/unsupported.ts";
import { isObject } from "../engine/values/json.ts";
import { limited } from "./http.ts";

/** Clocks of issuer and server may differ by this much, in seconds. */
const LEEWAY_S = 30;
const KEY_FETCH_TIMEOUT_MS = 5_000;
const KEY_FETCH_BYTES = 512 * 1024;

const provider = z.object({
  type: z.literal("customJwt"),
  issuer: z.string(),
  jwks: z.url(),
  algorithm: z.enum(["ES256", "RS256"]),
  applicationID: z.string().nullish(),
});
type Provider = z.infer<typeof provider>;

/**
 * Reads the providers of an `auth.config`.
 * @throws EngineError 400 for one whose tokens could never be checked.
 */
export function parseProviders(authConfig: Json[]): Provider[] {
  const parsed = z.array(provider).safeParse(authConfig);
  if (parsed.success) return parsed.data;
  const isOpenId = authConfig.some((one) => isObject(one) && "domain" in one);
  const fields = "`issuer`, `jwks` and `algorithm` (ES256 or RS256)";
  const message = isOpenId ? NOT_HERE.openId : `A provider in auth.config needs \`type: "customJwt"\`, ${fields}.`;
  throw new EngineError("InvalidAuthConfig", message);
}

export type TokenVerifier = ReturnType<typeof createTokenVerifier>;

/**
 * @param authConfig Reads the live push's providers; called on every verification, so a push takes effect at once.
 * @param now Milliseconds since 1970.
 */
export function createTokenVerifier(authConfig: () => Json[], now: () => number) {
  const keys = new Map<string, JWTVerifyGetKey>();

  function keysOf({ issuer, jwks }: Provider): JWTVerifyGetKey {
    const options = { timeoutDuration: KEY_FETCH_TIMEOUT_MS, [customFetch]: fetchSmall };
    const source = keys.get(jwks) ?? createRemoteJWKSet(new URL(jwks), options);
    keys.set(jwks, source);
    return async (header, token) => {
      try {
        return await source(header, token);
      } catch (error) {
        if (error instanceof errors.JWKSNoMatchingKey)
          throw unauthorized("InvalidToken", `No key of ${issuer} has the token's \`kid\` and algorithm.`);
        // What a provider answers in trouble, or a proxy for it, says nothing of the token.
        const message = `The keys of ${issuer} could not be fetched: ${messageOf(error)}.`;
        throw new EngineError("AuthProviderUnavailable", message, 503);
      }
    };
  }

  return {
    /** @throws EngineError 401 with a sentence that says what is wrong with the token; 503 when keys cannot be fetched. */
    async verify(token: string): Promise<Identity> {
      const provider = chooseProvider(token, parseProviders(authConfig()));
      const { algorithm, issuer, applicationID } = provider;
      try {
        const { payload } = await jwtVerify(token, keysOf(provider), {
          algorithms: [algorithm],
          issuer,
          ...(typeof applicationID === "string" ? { audience: applicationID } : {}),
          requiredClaims: ["iss", "sub", "exp"],
          clockTolerance: LEEWAY_S,
          currentDate: new Date(now()),
        });
        return identityOf(payload, token);
      } catch (error) {
        throw verdict(error);
      }
    },
  };
}

/** Read before the signature is checked, only to pick whose keys check it. */
function chooseProvider(token: string, configured: Provider[]): Provider {
  const { kid, iss, aud } = unverified(token);
  if (kid === undefined)
    throw unauthorized("InvalidAuthHeader", "The token's header has no `kid`, which names the key that signed it.");
  const audiences = [aud ?? []].flat();
  const match = configured.find(
    ({ issuer, applicationID }) =>
      issuer === iss && (typeof applicationID !== "string" || audiences.includes(applicationID)),
  );
  if (match !== undefined) return match;
  const known = configured.map(({ issuer, applicationID }) => `${issuer} for ${applicationID ?? "any audience"}`);
  const asked = `${iss ?? "(no iss)"} for ${audiences.join(", ") || "(no aud)"}`;
  const message = `No provider in auth.config issues tokens as ${asked}; configured: ${known.join("; ") || "none"}.`;
  throw unauthorized("NoAuthProvider", message);
}

function unverified(token: string) {
  try {
    const { iss, aud } = decodeJwt(token);
    return { kid: decodeProtectedHeader(token).kid, iss, aud };
  } catch {
    throw unauthorized("InvalidAuthHeader", "The token is not a JSON Web Token.");
  }
}

function verdict(error: unknown): unknown {
  if (error instanceof errors.JWTExpired) return unauthorized("TokenExpired", "The token has expired.");
  if (!(error instanceof errors.JOSEError)) return error;
  return unauthorized("InvalidToken", `The token is not valid: ${error.message}.`);
}

function unauthorized(code: string, message: string): EngineError {
  return new EngineError(code, message, 401);
}

/** Bounded in size, and never led elsewhere: a provider that redirects is not the provider that was configured. */
const fetchSmall: FetchImplementation = async (url, options) => {
  const { status, body } = await fetch(url, options);
  if (status !== 200) throw new Error(`${new URL(url).host} answered ${status}`);
  return new Response(body && limited(body, KEY_FETCH_BYTES));
};

/** Claims about the token, not the user. Leaving them out also lets a refreshed token share cached results. */
const TOKEN_CLAIMS = new Set(["iss", "sub", "aud", "exp", "nbf", "iat", "jti"]);

/** Claims keep their names, nested ones become `a.b`. */
function identityOf(payload: JWTPayload, token: string): Identity {
  const { iss: issuer = "", sub: subject = "", exp = 0 } = payload;
  const claims = Object.entries(z.record(z.string(), z.json()).parse(payload));
  const custom = claims.filter(([claim]) => !TOKEN_CLAIMS.has(claim)).flatMap(([claim, value]) => flat(claim, value));
  const own = { tokenIdentifier: `${issuer}|${subject}`, issuer, subject };
  const attributes = { ...Object.fromEntries(custom), ...own };
  return { kind: "user", attributes, token, expiresAtMs: (exp + LEEWAY_S) * 1000 };
}

function flat(name: string, value: Json): [string, Json][] {
  if (!isObject(value)) return [[name, value]];
  return Object.entries(value).flatMap(([key, inner]) => flat(`${name}.${key}`, inner));
}
