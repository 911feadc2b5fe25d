import type { Context } from "hono";
import { Hono } from "hono";
import { looksLive } from "../kit/credentials.ts";
import type { DoubleEnv, ErrorAnswer } from "../kit/env.ts";
import { playFault, presetFault } from "../kit/faults.ts";
import type { Grant, GrantStore } from "../oauth/grants.ts";
import type { Person } from "../oauth/people.ts";

/** An error as GitHub's REST API words it. */
export const githubError: ErrorAnswer = (status, message) => ({
  body: JSON.stringify({ message, documentation_url: "https://docs.github.com/rest", status: String(status) }),
  contentType: "application/json; charset=utf-8",
});

/** `GET /user` and `GET /user/emails` of the REST API. */
export function githubApi(grants: GrantStore): Hono<DoubleEnv> {
  const app = new Hono<DoubleEnv>();
  app.get("/user", (c) => asPerson(c, grants, null, (grant) => profile(grant.person, new URL(c.req.url).origin)));
  app.get("/user/emails", (c) =>
    asPerson(c, grants, ["user", "user:email"], ({ person }) =>
      person.emails.map((email) => ({
        ...email,
        visibility: email.primary ? (person.emailIsPublic ? "public" : "private") : null,
      })),
    ),
  );
  return app;
}

/** Checks what GitHub checks before an answer, then lets the preset's fault play. */
async function asPerson(
  c: Context<DoubleEnv>,
  grants: GrantStore,
  acceptedScopes: readonly string[] | null,
  answer: (grant: Grant) => object,
): Promise<Response> {
  // GitHub refuses requests that do not say what they come from, and fetch in a Worker says nothing by itself.
  if ((c.req.header("user-agent") ?? "") === "") {
    return c.text(
      "Request forbidden by administrative rules. Please make sure your request has a User-Agent header.",
      403,
    );
  }
  const token = /^(?:bearer|token) +(\S+)$/i.exec(c.req.header("authorization") ?? "")?.[1];
  if (token === undefined) return failure(401, "Requires authentication");
  const grant = grants.tokenGrant(token);
  if (grant === null) {
    return failure(
      401,
      looksLive(token) ? "Bad credentials: a real token must not be sent to this double" : "Bad credentials",
    );
  }
  c.header("x-oauth-scopes", grant.scopes.join(", "));
  c.header("x-accepted-oauth-scopes", acceptedScopes?.join(", ") ?? "");
  const { fault } = grant.person;
  const played = fault === null ? null : await playFault(presetFault(fault, c.req.path), c.env.outgoing, githubError);
  if (played !== null) return played;
  // GitHub hides what a token may not see: 404, not 403.
  if (acceptedScopes !== null && !grant.scopes.some((scope) => acceptedScopes.includes(scope))) {
    return failure(404, "Not Found");
  }
  return c.json(answer(grant));
}

function failure(status: number, message: string): Response {
  const { body, contentType } = githubError(status, message);
  return new Response(body, { status, headers: { "content-type": contentType } });
}

function profile(person: Person, origin: string) {
  return {
    login: person.login,
    id: person.id,
    node_id: Buffer.from(`U_${person.id}`).toString("base64url"),
    avatar_url: `${origin}/avatars/${person.id}`,
    html_url: `${origin}/${person.login}`,
    type: "User",
    site_admin: false,
    name: person.name,
    company: null,
    email: person.emailIsPublic ? person.emails[0].email : null,
    created_at: "2020-01-01T00:00:00Z",
    updated_at: "2020-01-01T00:00:00Z",
  };
}
