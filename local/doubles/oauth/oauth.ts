import type { Context } from "hono";
import { html } from "hono/html";
import type { DoubleEnv } from "../kit/env.ts";
import { refusal } from "../kit/credentials.ts";
import { type Html, page } from "../kit/page.ts";
import type { OAuthClient } from "./clients.ts";
import { consentBody } from "./consentPage.ts";
import { type GrantStore, isS256Challenge } from "./grants.ts";
import { findPerson, type Person } from "./people.ts";

/** What differs between the providers' web flows (RFC 6749 section 4.1). */
export interface WebFlow {
  /** "GitHub", "Google". */
  provider: string;
  /** Path of the authorize page. */
  path: string;
  clients: readonly OAuthClient[];
  grants: GrantStore;
  /** GitHub takes the registered address when none is sent; Google insists. */
  redirectUriRequired: boolean;
  /** Google insists on `response_type=code` and on a scope; GitHub asks for neither. */
  responseTypeRequired: boolean;
  /** Sentence that goes back to the application when the person declines. */
  deniedDescription: string;
}

/** A request at the authorize page that names a client and an address of it. */
interface AuthorizeRequest {
  client: OAuthClient;
  redirectUri: string;
  scopes: readonly string[];
  state: string | null;
  challenge: string | null;
  nonce: string | null;
}

type Parsed =
  | { kind: "ok"; request: AuthorizeRequest }
  /** Shown to the person: the address to return to cannot be trusted. */
  | { kind: "page"; problem: string }
  /** Sent back to the application. */
  | { kind: "redirect"; to: string };

/** Fields of an authorize request that the consent form carries along; checked again when it comes back. */
const CARRIED = [
  "client_id",
  "redirect_uri",
  "response_type",
  "scope",
  "state",
  "code_challenge",
  "code_challenge_method",
  "nonce",
];

/** `GET` of the authorize page: the consent page, or what is wrong. */
export function showConsent(c: Context<DoubleEnv>, flow: WebFlow): Response | Promise<Response> {
  const query = new URL(c.req.url).searchParams;
  const parsed = parseAuthorize(query, flow);
  if (parsed.kind === "page") return problemPage(c, flow.provider, parsed.problem);
  if (parsed.kind === "redirect") return c.redirect(parsed.to);
  const hidden = CARRIED.flatMap((name) => {
    const value = query.get(name);
    return value === null ? [] : [[name, value] as const];
  });
  const { client, scopes } = parsed.request;
  return c.html(
    page({
      title: `Sign in to ${client.name}`,
      double: flow.provider,
      body: consentBody({ app: client.name, scopes, action: flow.path, hidden: Object.fromEntries(hidden) }),
    }),
  );
}

/** `POST` of the authorize page: the person's choice, answered by the redirect back to the application. */
export async function takeConsent(c: Context<DoubleEnv>, flow: WebFlow): Promise<Response> {
  const form = await readForm(c);
  const parsed = parseAuthorize(form, flow);
  if (parsed.kind === "page") return problemPage(c, flow.provider, parsed.problem);
  if (parsed.kind === "redirect") return c.redirect(parsed.to, 303);
  const { request } = parsed;
  const choice = readChoice(form);
  if (choice === "deny") {
    return c.redirect(backTo(request, { error: "access_denied", error_description: flow.deniedDescription }), 303);
  }
  if (choice === null) return problemPage(c, flow.provider, "That is not an e-mail address.");
  const code = flow.grants.issueCode({
    clientId: request.client.clientId,
    person: choice,
    scopes: request.scopes,
    redirectUri: request.redirectUri,
    challenge: request.challenge,
    nonce: request.nonce,
  });
  return c.redirect(backTo(request, { code }), 303);
}

/** Who the consent form chose; `deny`; or null when the e-mail typed in is none. */
export function readChoice(form: URLSearchParams): Person | "deny" | null {
  if (form.get("decision") === "deny") return "deny";
  return findPerson(form.get("person") ?? form.get("email") ?? "", form.get("verified") === "yes");
}

/** The fields of a form body; of a JSON body too, which GitHub takes as well. Anything else has no fields. */
export async function readForm(c: Context<DoubleEnv>): Promise<URLSearchParams> {
  const text = await c.req.text();
  if (c.req.header("content-type")?.startsWith("application/json") !== true) return new URLSearchParams(text);
  const fields = new URLSearchParams();
  try {
    const body: unknown = JSON.parse(text);
    if (typeof body !== "object" || body === null) return fields;
    for (const [name, value] of Object.entries(body)) if (typeof value === "string") fields.set(name, value);
  } catch {
    return fields;
  }
  return fields;
}

/** A page that tells the person what is wrong, without a way back to an application that cannot be trusted. */
export function problemPage(c: Context<DoubleEnv>, provider: string, problem: string): Response | Promise<Response> {
  const body: Html = html`<p role="alert">${problem}</p>`;
  return c.html(page({ title: "This sign-in cannot go on", double: provider, body }), 400);
}

function parseAuthorize(fields: URLSearchParams, flow: WebFlow): Parsed {
  const clientId = fields.get("client_id") ?? "";
  const client = flow.clients.find((known) => known.clientId === clientId);
  if (client === undefined) {
    const problem =
      refusal(clientId, "client id", flow.provider) ?? "No application is registered with this client id.";
    return { kind: "page", problem };
  }
  const given = fields.get("redirect_uri");
  if (given === null && flow.redirectUriRequired) {
    return { kind: "page", problem: "The application sent no redirect_uri." };
  }
  const redirectUri = given ?? client.redirectUris[0];
  if (!client.redirectUris.includes(redirectUri)) {
    return { kind: "page", problem: `The redirect_uri is not registered for ${client.name}.` };
  }
  const challenge = fields.get("code_challenge");
  const scopes = (fields.get("scope") ?? "").split(/[\s,]+/).filter((scope) => scope !== "");
  const request = { client, redirectUri, scopes, state: fields.get("state"), challenge, nonce: fields.get("nonce") };
  const refuse = (error: string, description: string): Parsed => ({
    kind: "redirect",
    to: backTo(request, { error, error_description: description }),
  });
  if (flow.responseTypeRequired && fields.get("response_type") !== "code") {
    return refuse("unsupported_response_type", "Only response_type=code is supported.");
  }
  if (flow.responseTypeRequired && scopes.length === 0) return refuse("invalid_scope", "The scope is missing.");
  // The method's default is "plain" (RFC 7636 section 4.3), which neither the double nor GitHub takes.
  if (challenge !== null && (fields.get("code_challenge_method") !== "S256" || !isS256Challenge(challenge))) {
    return refuse("invalid_request", "A code_challenge needs code_challenge_method=S256 and 43 base64url characters.");
  }
  return { kind: "ok", request };
}

function backTo(request: AuthorizeRequest, answer: Readonly<Record<string, string>>): string {
  const to = new URL(request.redirectUri);
  for (const [name, value] of Object.entries(answer)) to.searchParams.set(name, value);
  if (request.state !== null) to.searchParams.set("state", request.state);
  return to.href;
}
