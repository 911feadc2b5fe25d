import {
  ACCOUNT_PATHS,
  ApiError,
  EditorFlow,
  EditorOpen,
  EditorOpenResult,
  FlowDecided,
  FlowDecision,
  FlowLookup,
} from "@oa/contract";
import * as z from "zod";
import { editorToken } from "../auth/editorToken.ts";
import { jtiHash, newSecret, randomText } from "../auth/secrets.ts";
import { clientOf } from "../client.ts";
import { perUser } from "../limits.ts";
import { route } from "../route.ts";

/** A signed-in person confirms an editor or a terminal. Every one of these is a POST from a page of this site. */
export const webEditorRoutes = [
  route({
    method: "POST",
    path: ACCOUNT_PATHS.webEditorFlow,
    gate: "session",
    summary: "What asks to be signed in, and from where",
    input: z.object({ body: FlowLookup }),
    limits: ({ granted }) => perUser("user_code_user", granted.user.user_id),
    answer: EditorFlow,
    errors: ["expired"],
    async handle({ input, services }) {
      const flow = await services.control.lookAtFlow(input.body);
      if (flow === null) throw new ApiError("expired", "Nothing waits with this code. Start again where you got it.");
      return flow;
    },
  }),
  route({
    method: "POST",
    path: ACCOUNT_PATHS.webEditorDecide,
    gate: "session",
    summary: "Let it in, or turn it away",
    input: z.object({ body: FlowDecision }),
    limits: ({ granted }) => perUser("user_code_user", granted.user.user_id),
    answer: FlowDecided,
    errors: ["expired"],
    async handle({ granted, input, services }) {
      const { approve, ...by } = input.body;
      const code = newSecret();
      const { callback, state } = await services.control.decideFlow({
        user_id: granted.user.user_id,
        asked_by: granted.sessionHash,
        by,
        approve,
        code_hash: code.hash,
      });
      if (callback === null) return { redirect: null, code: null };
      const to = new URL(callback);
      to.searchParams.set("code", code.token);
      if (state !== null) to.searchParams.set("state", state);
      return { redirect: to.href, code: code.token };
    },
  }),
  route({
    method: "POST",
    path: ACCOUNT_PATHS.webEditorOpen,
    gate: "session",
    summary: "Open the OCC editor with a token, after a click",
    input: z.object({ body: EditorOpen }),
    limits: ({ granted }) => perUser("editor_open_user", granted.user.user_id),
    answer: EditorOpenResult,
    errors: ["expired"],
    async handle({ granted, input, services, c }) {
      // The token is its sign-in's first refresh token too: the seed's redirect carries nothing else to go on with.
      const jti = randomText(32);
      const access = await services.control.openAccess({
        user_id: granted.user.user_id,
        access: { kind: "editor", token_hash: jtiHash(jti) },
        client: clientOf(c),
        ground: { kind: "session", session_hash: granted.sessionHash },
      });
      const claims = { sub: access.user.user_id, sid: access.sign_in_id, tv: access.token_version, jti };
      const token = await editorToken(services.config.convexJwt, claims, Date.now());
      const { state } = input.body;
      const query = new URLSearchParams({
        token,
        balance: access.balance_usd.toFixed(2),
        ...(state !== undefined && { state }),
      });
      return { redirect: `occ-editor://auth?${query.toString()}`, token, balance_usd: access.balance_usd };
    },
  }),
];
