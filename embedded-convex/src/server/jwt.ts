/**
 * Tokens of the app's users: which provider of `auth.config` issued one, whether it is genuine and in time, and the
 * `UserIdentity` it stands for. Providers: `customJwt` (keys from a URL or a `data:` URI) and OpenID Connect.
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
import { Readable } from "node:stream";
import { z } from "zod";
import { EngineError, messageOf, type Identity, type Json } from "../engine/types.ts";
import { collect } from "./http.ts";

/** Clocks of issuer and server may differ by this much, in seconds. */
const LEEWAY_S = 30;
const KEY_FETCH_TIMEOUT_MS = 5_000;
const KEY_FETCH_BYTES = 512 * 1024;
const DISCOVERY_MAX_AGE_MS = 10 * 60_000;

const customJwt = z.object({
  type: z.literal("customJwt"),
  issuer: z.string(),
  jwks: z.string(),
  algorithm: z.enum(["ES256", "RS256"]),
  applicationID: z.string().nullish(),
});
const oidc = z.object({ domain: z.string(), applicationID: z.string() });
const providers = z.array(z.union([customJwt, oidc]));
type Provider = z.infer<typeof customJwt> | z.infer<typeof oidc>;

/**
 * Reads the providers of an `auth.config`.
 * @throws EngineError 400 for one whose tokens could never be checked.
 */
export function parseProviders(authConfig: Json[]): Provider[] {
  const parsed = providers.safeParse(authConfig);
  if (parsed.success) return parsed.data;
  const message =
    'A provider in auth.config needs `domain` and `applicationID`, or `type: "customJwt"` with `issuer`, `jwks` ' +
    "and `algorithm` (ES256 or RS256).";
  throw new EngineError("InvalidAuthConfig", message);
}

/** Where verified tokens come from and how their keys are found. */
export interface TokenVerifier {
  /** @throws EngineError 401 with a sentence that says what is wrong with the token; 503 when keys cannot be fetched. */
  verify(token: string): Promise<Identity>;
}

/**
 * @param authConfig Reads the live push's providers; called on every verification, so a push takes effect at once.
 * @param now Milliseconds since 1970.
 */
export function createTokenVerifier(authConfig: () => Json[], now: () => number): TokenVerifier {
  const keys = new Map<string, JWTVerifyGetKey>();
  const discovered = new Map<string, { jwks: Promise<string>; atMs: number }>();

  async function keySource(provider: Provider): Promise<JWTVerifyGetKey> {
    const jwks = "jwks" in provider ? provider.jwks : await discovery(issuerOf(provider));
    const known = keys.get(jwks);
    if (known !== undefined) return known;
    const options = { timeoutDuration: KEY_FETCH_TIMEOUT_MS, [customFetch]: fetchSmall };
    const source = createRemoteJWKSet(new URL(jwks), options);
    keys.set(jwks, source);
    return source;
  }

  /** Asked once by all who wait for it; a failure is not remembered. */
  function discovery(issuer: string): Promise<string> {
    const known = discovered.get(issuer);
    if (known !== undefined && now() - known.atMs < DISCOVERY_MAX_AGE_MS) return known.jwks;
    const jwks = discover(issuer);
    discovered.set(issuer, { jwks, atMs: now() });
    jwks.catch(() => discovered.delete(issuer));
    return jwks;
  }

  return {
    async verify(token) {
      const provider = chooseProvider(token, parseProviders(authConfig()));
      const source = await keySource(provider).catch((error: unknown) => {
        throw keysUnavailable(provider, error);
      });
      try {
        const { payload } = await jwtVerify(token, source, {
          algorithms: "algorithm" in provider ? [provider.algorithm] : ["RS256", "ES256"],
          issuer: issuersOf(provider),
          ...(typeof provider.applicationID === "string" ? { audience: provider.applicationID } : {}),
          requiredClaims: ["iss", "sub", "exp"],
          clockTolerance: LEEWAY_S,
          currentDate: new Date(now()),
        });
        return identityOf(payload, token, "jwks" in provider);
      } catch (error) {
        throw tokenError(provider, error);
      }
    },
  };
}

/** Read before the signature is checked, only to pick whose keys check it. */
function chooseProvider(token: string, configured: Provider[]): Provider {
  const { header, payload } = decoded(token);
  if (header.kid === undefined)
    throw unauthorized("InvalidAuthHeader", "The token's header has no `kid`, which names the key that signed it.");
  const audiences = payload.aud === undefined ? [] : [payload.aud].flat();
  const match = configured.find(
    (provider) =>
      issuersOf(provider).includes(payload.iss ?? "") &&
      (typeof provider.applicationID !== "string" || audiences.includes(provider.applicationID)),
  );
  if (match !== undefined) return match;
  const known = configured.map((provider) => `${issuerOf(provider)} for ${provider.applicationID ?? "any audience"}`);
  const asked = `${payload.iss ?? "(no iss)"} for ${audiences.join(", ") || "(no aud)"}`;
  const message = `No provider in auth.config issues tokens as ${asked}; configured: ${known.join("; ") || "none"}.`;
  throw unauthorized("NoAuthProvider", message);
}

function decoded(token: string) {
  try {
    return { header: decodeProtectedHeader(token), payload: decodeJwt(token) };
  } catch {
    throw unauthorized("InvalidAuthHeader", "The token is not a JSON Web Token.");
  }
}

/** A provider's `domain` may be written without its scheme. */
function issuerOf(provider: Provider): string {
  if ("issuer" in provider) return provider.issuer;
  const url = /^https?:\/\//.test(provider.domain) ? provider.domain : `https://${provider.domain}`;
  return url.replace(/\/$/, "");
}

/** The `iss` of a provider's tokens; OpenID providers differ in whether theirs ends with a slash. */
function issuersOf(provider: Provider): string[] {
  const issuer = issuerOf(provider);
  return "issuer" in provider ? [issuer] : [issuer, `${issuer}/`];
}

/** Where the keys of an OpenID provider are. */
async function discover(issuer: string): Promise<string> {
  const response = await fetchSmall(`${issuer}/.well-known/openid-configuration`, {
    headers: new Headers({ accept: "application/json" }),
    method: "GET",
    redirect: "manual",
    signal: AbortSignal.timeout(KEY_FETCH_TIMEOUT_MS),
  });
  const document = z.object({ issuer: z.string(), jwks_uri: z.url() }).parse(await response.json());
  if (document.issuer.replace(/\/$/, "") !== issuer) throw new Error(`the provider calls itself ${document.issuer}`);
  return document.jwks_uri;
}

function keysUnavailable(provider: Provider, error: unknown): EngineError {
  const message = `The keys of ${issuerOf(provider)} could not be fetched: ${messageOf(error)}.`;
  return new EngineError("AuthProviderUnavailable", message, 503);
}

function tokenError(provider: Provider, error: unknown): EngineError {
  if (error instanceof errors.JWTExpired) return unauthorized("TokenExpired", "The token has expired.");
  if (error instanceof errors.JWKSTimeout || !(error instanceof errors.JOSEError))
    return keysUnavailable(provider, error);
  const noKey = `No key of ${issuerOf(provider)} has the token's \`kid\` and algorithm.`;
  const isUnknown = error instanceof errors.JWKSNoMatchingKey;
  return unauthorized("InvalidToken", isUnknown ? noKey : `The token is not valid: ${error.message}.`);
}

function unauthorized(code: string, message: string): EngineError {
  return new EngineError(code, message, 401);
}

/** Bounded in size, and never led elsewhere: a provider that redirects is not the provider that was configured. */
const fetchSmall: FetchImplementation = async (url, options) => {
  const response = await fetch(url, options);
  if (response.status !== 200) throw new Error(`${new URL(url).host} answered ${response.status}`);
  const body = await collect(response.body ?? Readable.from([]), KEY_FETCH_BYTES);
  if (body === null) throw new Error(`the answer is larger than ${KEY_FETCH_BYTES} bytes`);
  return new Response(new Uint8Array(body), { headers: { "content-type": "application/json" } });
};

/** JWT claim -> `UserIdentity` field where they differ, for OpenID Connect tokens (https://openid.net/specs/openid-connect-core-1_0.html#StandardClaims). */
const STANDARD_CLAIMS = new Map([
  ["given_name", "givenName"],
  ["family_name", "familyName"],
  ["preferred_username", "preferredUsername"],
  ["profile", "profileUrl"],
  ["picture", "pictureUrl"],
  ["email_verified", "emailVerified"],
  ["birthdate", "birthday"],
  ["zoneinfo", "timezone"],
  ["locale", "language"],
  ["phone_number", "phoneNumber"],
  ["phone_number_verified", "phoneNumberVerified"],
  ["updated_at", "updatedAt"],
]);

/** Claims about the token, not the user. Leaving them out also lets a refreshed token share cached results. */
const TOKEN_CLAIMS = new Set(["iss", "sub", "aud", "exp", "nbf", "iat", "jti"]);

/** `customJwt` claims keep their names, nested ones become `a.b`; OpenID Connect ones get `UserIdentity`'s names. */
function identityOf(payload: JWTPayload, token: string, isCustom: boolean): Identity {
  const issuer = payload.iss ?? "";
  const subject = payload.sub ?? "";
  const attributes: { [key: string]: Json } = {};
  for (const [claim, value] of Object.entries(z.record(z.string(), z.json()).parse(payload))) {
    if (TOKEN_CLAIMS.has(claim)) continue;
    if (isCustom) flatten(claim, value, attributes);
    else attributes[STANDARD_CLAIMS.get(claim) ?? claim] = value;
  }
  const own = { tokenIdentifier: `${issuer}|${subject}`, issuer, subject };
  return {
    kind: "user",
    attributes: { ...attributes, ...own },
    token,
    expiresAtMs: ((payload.exp ?? 0) + LEEWAY_S) * 1000,
  };
}

function flatten(name: string, value: Json, into: { [key: string]: Json }): void {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) {
    for (const [key, inner] of Object.entries(value)) flatten(`${name}.${key}`, inner, into);
  } else {
    into[name] = value;
  }
}
