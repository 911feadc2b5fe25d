import {
  ACCOUNT_PAGES,
  ACCOUNT_PATHS,
  Accepted,
  LinkIdentity,
  LinkIdentityResult,
  PathId,
  SignInList,
  WebSession,
} from "@oa/contract";
import * as z from "zod";
import { clearSessionCookie } from "../auth/cookie.ts";
import { setOut } from "../auth/roundTrip.ts";
import { clientOf } from "../client.ts";
import { perIp } from "../limits.ts";
import { NOTHING, route } from "../route.ts";

const ACCEPTED = { accepted: true } as const;

/** What a person is signed in with, and the accounts elsewhere that sign them in. */
export const webSignInRoutes = [
  route({
    method: "GET",
    path: ACCOUNT_PATHS.webSignIns,
    gate: "session",
    summary: "Browsers, editors and terminals you are signed in with",
    input: NOTHING,
    answer: SignInList,
    handle: ({ granted, services }) =>
      services.control.signIns({ user_id: granted.user.user_id, session_hash: granted.sessionHash }),
  }),
  route({
    method: "DELETE",
    path: ACCOUNT_PATHS.webSignIn,
    gate: "session",
    summary: "End one of them at once",
    input: z.object({ params: z.object({ signInId: PathId }) }),
    answer: Accepted,
    errors: ["not_found"],
    async handle({ granted, input, services, c }) {
      await services.control.endSignIn({
        user_id: granted.user.user_id,
        sign_in_id: input.params.signInId,
        client: clientOf(c),
      });
      return ACCEPTED;
    },
  }),
  route({
    method: "POST",
    path: ACCOUNT_PATHS.webSignOutEverywhere,
    gate: "session",
    summary: "End every browser, editor and terminal, this one too",
    input: NOTHING,
    answer: WebSession,
    async handle({ granted, services, c }) {
      await services.control.signOutEverywhere({ user_id: granted.user.user_id, client: clientOf(c) });
      clearSessionCookie(c);
      return { user: null };
    },
  }),
  route({
    method: "POST",
    path: ACCOUNT_PATHS.webIdentities,
    gate: "session",
    summary: "Begin to link an account at GitHub or Google; the page goes to `url`",
    input: z.object({ body: LinkIdentity }),
    limits: ({ ip }) => perIp("oauth_start_ip", ip),
    answer: LinkIdentityResult,
    errors: ["not_configured", "provider_unreachable"],
    async handle({ granted, input, services, c }) {
      const trip = { returnTo: ACCOUNT_PAGES.security, linkUserId: granted.user.user_id };
      return { url: await setOut(c, services, input.body.provider, trip) };
    },
  }),
  route({
    method: "DELETE",
    path: ACCOUNT_PATHS.webIdentity,
    gate: "session",
    summary: "Unlink one; refused where it is your only way to sign in",
    input: z.object({ params: z.object({ identityId: PathId }) }),
    answer: Accepted,
    errors: ["not_found", "conflict"],
    async handle({ granted, input, services, c }) {
      await services.control.unlinkIdentity({
        user_id: granted.user.user_id,
        identity_id: input.params.identityId,
        client: clientOf(c),
      });
      return ACCEPTED;
    },
  }),
];
