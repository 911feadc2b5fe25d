import { ACCOUNT_PAGES, OAUTH_PATHS, OAuthProvider, OAuthStartQuery } from "@oa/contract";
import { ApiError } from "@oa/contract";
import type { ErrorCode, SignInProblem } from "@oa/contract";
import * as z from "zod";
import { replaceSession } from "../auth/cookie.ts";
import { comeBack, localPath, setOut } from "../auth/roundTrip.ts";
import type { Return } from "../auth/roundTrip.ts";
import { newSecret } from "../auth/secrets.ts";
import { currentSession } from "../middleware/gates.ts";
import { clientOf } from "../client.ts";
import { perIp } from "../limits.ts";
import { notConfigured, providerOf, ProviderRefusal, providersOf } from "../providers/provider.ts";
import { redirect } from "../route.ts";
import type { Call } from "../route.ts";

const Params = z.object({ provider: OAuthProvider });

/** Sign-in with GitHub and Google: visits of a browser, which end on a page of the website. */
export const oauthRoutes = [
  redirect({
    path: OAUTH_PATHS.start,
    summary: "Go to GitHub or Google to sign in",
    input: z.object({ params: Params, query: OAuthStartQuery }),
    limits: ({ ip }) => perIp("oauth_start_ip", ip),
    troublePage,
    async handle({ c, services, input }) {
      const { provider } = input.params;
      const { publicUrl } = services.config.outside;
      if (publicUrl === null || !providersOf(services.config).includes(provider)) throw notConfigured(provider);
      const here = new URL(c.req.url);
      // The provider comes back to the public address: the cookie has to be set there.
      if (here.origin !== publicUrl) return `${publicUrl}${here.pathname}${here.search}`;
      return await setOut(c, services, provider, { returnTo: destination(input.query), linkUserId: null });
    },
  }),
  redirect({
    path: OAUTH_PATHS.callback,
    summary: "Come back from GitHub or Google",
    input: z.object({ params: Params, query: z.object({ state: z.string().max(200).default("") }) }),
    limits: ({ ip }) => perIp("oauth_start_ip", ip),
    troublePage,
    async handle(call) {
      const { provider } = call.input.params;
      const returned = await comeBack(call.c, call.services, provider, call.input.query.state);
      if (returned === null) return problemPage(ACCOUNT_PAGES.signIn, "expired");
      const problem = await finish(call, provider, returned);
      if (problem === null) return returned.returnTo;
      return problemPage(returned.linkUserId === null ? ACCOUNT_PAGES.signIn : ACCOUNT_PAGES.security, problem);
    },
  }),
];

/** Page a sign-in ends on: the editor's, where it was begun for one. */
function destination(query: z.output<typeof OAuthStartQuery>): string {
  if (query.ref !== "occ-editor") return localPath(query.return_to);
  const state = query.state === undefined ? "" : `?${new URLSearchParams({ state: query.state }).toString()}`;
  return `${ACCOUNT_PAGES.editorAuthorize}${state}`;
}

/** What a person can only try again is told where they do that. */
function troublePage(code: ErrorCode): string | null {
  switch (code) {
    case "rate_limited":
    case "provider_unreachable":
      return problemPage(ACCOUNT_PAGES.signIn, code);
    case "control_unreachable":
      return problemPage(ACCOUNT_PAGES.signIn, "unavailable");
    default:
      return null;
  }
}

function problemPage(page: string, problem: SignInProblem): string {
  return `${page}?error=${problem}`;
}

/** Asks the provider who came, and opens the session or links the identity. What keeps it from happening; null for nothing. */
async function finish(
  call: Call<"none", unknown>,
  name: OAuthProvider,
  { trip, linkUserId }: Return,
): Promise<SignInProblem | null> {
  const { c, services } = call;
  // An identity is linked in the session that asked for it, or not at all: it may have ended, or be another's by now.
  const session = linkUserId === null ? null : await currentSession(c, services);
  if (linkUserId !== null && session?.user.user_id !== linkUserId) return "expired";
  const secret = newSecret();
  try {
    const person = await providerOf(services.config, name).person(new URL(c.req.url).searchParams, trip);
    const result = await services.control.signInWithOAuth({
      person,
      client: clientOf(c),
      access: session === null ? { kind: "browser", session_hash: secret.hash } : null,
      link: session === null ? null : { user_id: session.user.user_id, asked_by: session.sessionHash },
    });
    switch (result.outcome) {
      case "signed_in":
        replaceSession(call, secret.token);
        return null;
      case "linked":
        return null;
      case "email_required":
      case "taken":
        return result.outcome;
    }
  } catch (error) {
    if (error instanceof ProviderRefusal) return error.denied ? "access_denied" : "expired";
    if (error instanceof ApiError && (error.code === "provider_unreachable" || error.code === "expired")) {
      return error.code;
    }
    throw error;
  }
}
