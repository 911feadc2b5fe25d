import {
  ACCOUNT_PAGES,
  ApiError,
  CLI_AUTH_PATHS,
  CliDeviceToken,
  DeviceCode,
  DeviceTokenRequest,
  EDITOR_PATHS,
  EditorExchange,
  EditorStart,
  EditorStarted,
  EditorTokens,
} from "@oa/contract";
import type { Access, AccessGranted } from "@oa/contract";
import * as z from "zod";
import { challengeOf, newManagementKey, newSecret, newUserCode, randomText } from "../auth/secrets.ts";
import { clientOf } from "../client.ts";
import { perIp } from "../limits.ts";
import { OAuthProblem } from "../oauthProblem.ts";
import { NOTHING, route } from "../route.ts";
import type { Call } from "../route.ts";
import { sha256Hex } from "../secretEqual.ts";
import { underBoth } from "../wire.ts";
import { tokensOf } from "./editor.ts";

/** Seconds, as `convex/lib/flowPlan.ts` has them. */
const EXPIRES_IN = 600;
const INTERVAL = 5;

/** One flow for editors and terminals: a client starts it, a person confirms it in a browser, the client takes the grant. */
export const editorFlowRoutes = [
  route({
    method: "POST",
    path: EDITOR_PATHS.start,
    gate: "open",
    summary: "Begin to sign an editor in through a browser",
    input: z.object({ body: EditorStart }),
    limits: ({ ip }) => perIp("flow_start_ip", ip),
    answer: EditorStarted,
    async handle(call) {
      const { callback, state, code_challenge } = call.input.body;
      const { flow, pages } = await begin(call, {
        kind: "editor",
        code_challenge,
        callback: callback ?? null,
        state: state ?? null,
      });
      const url = callback === undefined ? pages.verification_uri_complete : pages.flow;
      const { flow: _page, ...rest } = pages;
      return { flow, url, ...rest, expires_in: EXPIRES_IN, interval: INTERVAL };
    },
  }),
  route({
    method: "POST",
    path: EDITOR_PATHS.exchange,
    gate: "open",
    summary: "Take what was granted: with the callback's code, or by polling",
    input: z.object({ body: EditorExchange }),
    limits: ({ ip }) => perIp("flow_poll_ip", ip),
    answer: EditorTokens,
    async handle(call) {
      const { flow, code, code_verifier } = call.input.body;
      const refresh = newSecret();
      const access = await take(call, {
        flow,
        kind: "editor",
        verifier: code_verifier,
        code,
        access: { kind: "editor", token_hash: refresh.hash },
        unknown: "invalid_grant",
      });
      return tokensOf(call.services, access, refresh.token);
    },
  }),
  ...underBoth(CLI_AUTH_PATHS.deviceCode).map((path) =>
    route({
      method: "POST",
      path,
      gate: "open",
      summary: "Begin to sign a terminal in through a browser (RFC 8628)",
      input: NOTHING,
      limits: ({ ip }) => perIp("device_start_ip", ip),
      answer: DeviceCode,
      async handle(call) {
        const verifier = randomText(32);
        const started = await begin(call, {
          kind: "terminal",
          code_challenge: challengeOf(verifier),
          callback: null,
          state: null,
        });
        const { flow: _page, ...pages } = started.pages;
        return { device_code: `${started.flow}.${verifier}`, ...pages, expires_in: EXPIRES_IN, interval: INTERVAL };
      },
    }),
  ),
  ...underBoth(CLI_AUTH_PATHS.deviceToken).map((path) =>
    route({
      method: "POST",
      path,
      gate: "open",
      summary: "Poll until the terminal is let in",
      input: z.object({ body: DeviceTokenRequest }),
      limits: ({ ip }) => perIp("flow_poll_ip", ip),
      answer: CliDeviceToken,
      async handle(call) {
        const [flow = "", verifier = ""] = call.input.body.device_code.split(".");
        const key = newManagementKey();
        const access = await take(call, {
          flow,
          kind: "terminal",
          verifier,
          code: undefined,
          access: { kind: "terminal", key_hash: key.hash, key_prefix: key.prefix },
          unknown: "bad_device_code",
        });
        return {
          access_token: key.token,
          token_type: "bearer" as const,
          management_key: key.token,
          email: access.user.email,
          user_id: access.user.user_id,
        };
      },
    }),
  ),
];

type OpenCall = Pick<Call<"open", unknown>, "c" | "services">;

interface Beginning {
  kind: "editor" | "terminal";
  code_challenge: string;
  callback: string | null;
  state: string | null;
}

/** Writes a flow down, and says where its person goes. A code in use (one in billions) is drawn again. */
async function begin({ c, services }: OpenCall, beginning: Beginning) {
  const site = services.config.outside.publicUrl ?? new URL(c.req.url).origin;
  const flow = randomText(16);
  for (let tries = 3; ; tries -= 1) {
    const user_code = newUserCode();
    try {
      await services.control.startFlow({ flow, user_code, ...beginning, client: clientOf(c) });
      const verification_uri = `${site}${ACCOUNT_PAGES.device}`;
      return {
        flow,
        pages: {
          flow: `${site}${ACCOUNT_PAGES.editorAuthorize}?flow=${flow}`,
          user_code,
          verification_uri,
          verification_uri_complete: `${verification_uri}?user_code=${user_code}`,
        },
      };
    } catch (error) {
      if (tries === 0 || !(error instanceof ApiError) || error.code !== "conflict") throw error;
    }
  }
}

interface Taking {
  flow: string;
  kind: "editor" | "terminal";
  verifier: string;
  code: string | undefined;
  access: Access;
  /** What an unknown or used-up flow is called there. */
  unknown: "invalid_grant" | "bad_device_code";
}

/** @throws OAuthProblem for everything that is not the grant. */
async function take({ c, services }: OpenCall, taking: Taking): Promise<AccessGranted> {
  const { flow, kind, verifier, code, access, unknown } = taking;
  if (!/^[A-Za-z0-9_-]{22}$/.test(flow)) throw new OAuthProblem(unknown);
  const result = await services.control.takeFlow({
    flow,
    kind,
    code_challenge: challengeOf(verifier),
    code_hash: code === undefined ? null : sha256Hex(code),
    access,
    client: clientOf(c),
  });
  switch (result.outcome) {
    case "granted":
      return result.access;
    case "pending":
      throw new OAuthProblem("authorization_pending", INTERVAL);
    case "slow_down":
      throw new OAuthProblem("slow_down", result.interval_s);
    case "denied":
      throw new OAuthProblem("access_denied");
    case "expired":
      throw new OAuthProblem("expired_token");
    case "bad":
      throw new OAuthProblem(unknown);
  }
}
