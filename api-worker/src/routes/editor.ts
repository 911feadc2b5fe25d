import {
  ApiError,
  EDITOR_BALANCE_CAP_USD,
  EDITOR_PATHS,
  EditorBalance,
  EditorLogIn,
  EditorMe,
  EditorSignUp,
  EditorTokens,
  RefreshRequest,
} from "@oa/contract";
import type { AccessGranted } from "@oa/contract";
import * as z from "zod";
import { editorToken, readEditorToken } from "../auth/editorToken.ts";
import { hashPassword } from "../auth/password.ts";
import { bearerOf, jtiHash, newSecret, randomText } from "../auth/secrets.ts";
import { openWith, provePassword } from "../auth/signInWithPassword.ts";
import { signerOf } from "../auth/signer.ts";
import { clientOf } from "../client.ts";
import type { AppContext, Services } from "../context.ts";
import { iso } from "../iso.ts";
import { perEmail, perIp, tooMany } from "../limits.ts";
import { postVerification } from "../mail/post.ts";
import { requireConfig } from "../middleware/configured.ts";
import { NOTHING, document, route } from "../route.ts";
import { sha256Hex } from "../secretEqual.ts";

/** The editor's API: `/api/v1/*` with a JWT. */
export const editorRoutes = [
  route({
    method: "POST",
    path: EDITOR_PATHS.signUp,
    gate: "open",
    summary: "Open an account from an editor",
    input: z.object({ body: EditorSignUp }),
    misfit: "unprocessable",
    limits: ({ ip }) => perIp("sign_up_ip", ip),
    answer: EditorTokens,
    status: 201,
    errors: ["taken", "unprocessable"],
    async handle({ input, services, c, after }) {
      const { email, password } = input.body;
      const refresh = newSecret();
      const access = await services.control.register({
        email,
        password_hash: hashPassword(password),
        access: { kind: "editor", token_hash: refresh.hash },
        client: clientOf(c),
      });
      after(postVerification(services, access.user.user_id));
      return tokensOf(services, access, refresh.token);
    },
  }),
  route({
    method: "POST",
    path: EDITOR_PATHS.logIn,
    gate: "open",
    summary: "Sign an editor in",
    input: z.object({ body: EditorLogIn }),
    misfit: "unprocessable",
    limits: ({ ip, input }) => [...perIp("sign_in_ip", ip), ...perEmail("sign_in_email", input.body.email)],
    answer: EditorTokens,
    errors: ["invalid_credentials", "unprocessable", "conflict"],
    async handle({ input, services, c, after }) {
      const attempt = { control: services.control, client: clientOf(c), after };
      const proven = await provePassword(attempt, input.body.email, input.body.password);
      if (proven === null) throw new ApiError("invalid_credentials", "The e-mail or the password is wrong.");
      const refresh = newSecret();
      const access = await openWith(attempt, proven, { kind: "editor", token_hash: refresh.hash });
      return tokensOf(services, access, refresh.token);
    },
  }),
  route({
    method: "POST",
    path: EDITOR_PATHS.refresh,
    gate: "open",
    summary: "Exchange a refresh token for the next one and a new JWT",
    input: z.object({ body: RefreshRequest }),
    limits: ({ ip }) => perIp("refresh_ip", ip),
    answer: EditorTokens,
    errors: ["unauthorized"],
    async handle({ input, services, c }) {
      const given = await refreshHash(c, services, input.body.refresh_token);
      const next = newSecret();
      const result =
        given === null
          ? null
          : await services.control.rotateRefresh({ token_hash: given, next_hash: next.hash, client: clientOf(c) });
      if (result?.outcome === "limited") throw tooMany(result.retry_after_ms);
      if (result?.outcome !== "rotated") {
        throw new ApiError("unauthorized", "Sign in again: this refresh token has ended.");
      }
      return tokensOf(services, result.access, next.token);
    },
  }),
  route({
    method: "POST",
    path: EDITOR_PATHS.logOut,
    gate: "editor",
    summary: "Sign this editor out",
    input: NOTHING,
    answer: z.object({}),
    async handle({ granted, services }) {
      await services.control.endFamily(granted.claims.sub, granted.claims.sid);
      return {};
    },
  }),
  route({
    method: "GET",
    path: EDITOR_PATHS.me,
    gate: "editor",
    summary: "Whose token this is, and what they have left",
    input: NOTHING,
    answer: EditorMe,
    async handle({ granted }) {
      const { user, balance_usd, lifetime_usd } = granted.access;
      const created_at = iso(user.created_at);
      return { id: user.user_id, email: user.email, balance_usd, balance: balance_usd, lifetime_usd, created_at };
    },
  }),
  route({
    method: "GET",
    path: EDITOR_PATHS.balance,
    gate: "editor",
    summary: "The balance, for the editor's bar",
    input: NOTHING,
    answer: EditorBalance,
    etag: true,
    async handle({ granted }) {
      return { balance_usd: granted.access.balance_usd, cap_usd: EDITOR_BALANCE_CAP_USD, currency: "USD" as const };
    },
  }),
  document({
    path: EDITOR_PATHS.jwks,
    gate: "none",
    summary: "Public keys of the JWTs",
    async respond(c) {
      const { publicKeys } = await signerOf(requireConfig(c).convexJwt);
      c.header("cache-control", "public, max-age=300");
      return c.json({ keys: publicKeys });
    },
  }),
];

/** A JWT and the refresh token behind it, in the form of the editor's API. */
export async function tokensOf(
  services: Services,
  access: AccessGranted,
  refreshToken: string,
): Promise<z.input<typeof EditorTokens>> {
  const claims = {
    sub: access.user.user_id,
    sid: access.sign_in_id,
    tv: access.token_version,
    jti: randomText(16),
  };
  return {
    token: await editorToken(services.config.convexJwt, claims, Date.now()),
    refresh_token: refreshToken,
    user: { id: access.user.user_id, email: access.user.email },
    balance_usd: access.balance_usd,
    balance: access.balance_usd,
  };
}

/** Under which hash the token that is to be exchanged stands: a refresh token, or the JWT of the seed's redirect. */
async function refreshHash(c: AppContext, services: Services, given: string | undefined): Promise<string | null> {
  if (given !== undefined && !given.includes(".")) return sha256Hex(given);
  const jwt = given ?? bearerOf(c.req.header("authorization"));
  const claims = jwt === null ? null : await readEditorToken(services.config.convexJwt, jwt, Date.now());
  return claims === null ? null : jtiHash(claims.jti);
}
