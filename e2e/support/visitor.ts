import { ACCOUNT_PATHS, API_PATHS, OAUTH_PATHS, type OAuthProvider, parseEnvelope, WebSession } from "@oa/contract";
import { choose } from "@oa/local/doubles/testing";
import { setTimeout as sleep } from "node:timers/promises";
import * as z from "zod";
import type { TestStack } from "./stack.ts";

export const PASSWORD = "Correct horse battery 1";

/** An answer, read. */
export interface Reply {
  status: number;
  headers: Headers;
  text: string;
  /** The body as JSON; fails the test where it is none. */
  json(): unknown;
}

/** A browser of its own: cookies, and pages of this site as the place requests come from. */
export class Visitor {
  readonly #stack: TestStack;
  readonly #cookies = new Map<string, string>();

  constructor(stack: TestStack) {
    this.#stack = stack;
  }

  get site(): string {
    return this.#stack.info().api;
  }

  cookie(name: string): string | undefined {
    return this.#cookies.get(name);
  }

  plant(name: string, value: string): void {
    this.#cookies.set(name, value);
  }

  /** One request from a page of this site; redirects are not followed. */
  async send(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Reply> {
    const cookie = [...this.#cookies].map(([name, value]) => `${name}=${value}`).join("; ");
    const response = await fetch(new URL(path, this.site), {
      method,
      headers: {
        "sec-fetch-site": "same-origin",
        "user-agent": "Mozilla/5.0 (Macintosh; Intel Mac OS X 14) Gecko/20100101 Firefox/140.0",
        ...(cookie !== "" && { cookie }),
        ...(body !== undefined && { "content-type": "application/json" }),
        ...headers,
      },
      ...(body !== undefined && { body: typeof body === "string" ? body : JSON.stringify(body) }),
      redirect: "manual",
      signal: AbortSignal.timeout(60_000),
    });
    for (const line of response.headers.getSetCookie()) this.#keep(line);
    return reply(response);
  }

  /** The `data` of an ok envelope; throws with the error's code otherwise. */
  async data<S extends z.ZodType>(schema: S, method: string, path: string, body?: unknown): Promise<z.output<S>> {
    const answer = await this.send(method, path, body);
    const envelope = parseEnvelope(schema, answer.json());
    if (!envelope.ok) throw new Error(`${method} ${path}: ${envelope.error.code}: ${envelope.error.message}`);
    return envelope.data;
  }

  async signUp(email: string, password = PASSWORD): Promise<string> {
    const { user } = await this.data(WebSession, "POST", API_PATHS.webSignUp, { email, password });
    return user?.user_id ?? "";
  }

  async signIn(email: string, password = PASSWORD): Promise<Reply> {
    return await this.send("POST", API_PATHS.webSignIn, { email, password });
  }

  /** Who this browser is signed in as; null for nobody. */
  async whoAmI(): Promise<string | null> {
    return (await this.data(WebSession, "GET", API_PATHS.webSession)).user?.user_id ?? null;
  }

  /** Signs in with a provider's double as one of its people; gives the page it ends on. */
  async signInWith(provider: OAuthProvider, choice: Record<string, string>, query = ""): Promise<string> {
    const start = await this.send("GET", OAUTH_PATHS.start.replace("{provider}", provider) + query);
    return await this.followProvider(start.headers.get("location") ?? "", choice);
  }

  /** Links an account at a provider to the one that is signed in. */
  async link(provider: OAuthProvider, choice: Record<string, string>): Promise<string> {
    const { url } = await this.data(z.object({ url: z.url() }), "POST", ACCOUNT_PATHS.webIdentities, { provider });
    return await this.followProvider(url, choice);
  }

  async followProvider(authorize: string, choice: Record<string, string>): Promise<string> {
    const { location } = await choose(authorize, choice);
    if (location === null) throw new Error("the provider sent nobody back");
    return (await this.send("GET", location.href)).headers.get("location") ?? "";
  }

  #keep(line: string): void {
    const [pair = "", ...attributes] = line.split(";");
    const [name = "", value = ""] = pair.split("=");
    if (attributes.some((attribute) => attribute.trim().toLowerCase() === "max-age=0")) this.#cookies.delete(name);
    else this.#cookies.set(name, value);
  }
}

/** A program without cookies: an editor or a terminal. */
export async function program(
  stack: TestStack,
  method: string,
  path: string,
  options: { token?: string; body?: unknown; headers?: Record<string, string> } = {},
): Promise<Reply> {
  const { token, body, headers = {} } = options;
  const response = await fetch(`${stack.info().api}${path}`, {
    method,
    headers: {
      "user-agent": "openclaw-token/0.9.0",
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
      ...(body !== undefined && { "content-type": "application/json" }),
      ...headers,
    },
    ...(body !== undefined && { body: typeof body === "string" ? body : JSON.stringify(body) }),
    redirect: "manual",
    signal: AbortSignal.timeout(60_000),
  });
  return reply(response);
}

async function reply(response: Response): Promise<Reply> {
  const text = await response.text();
  return {
    status: response.status,
    headers: response.headers,
    text,
    json() {
      const body: unknown = JSON.parse(text);
      return body;
    },
  };
}

const Mails = z.object({ mails: z.array(z.object({ subject: z.string(), links: z.array(z.string()) })) });

/** Secrets of the links that were mailed to someone, the newest first; waits until there are `count`. */
export async function mailedTokens(stack: TestStack, to: string, subject: RegExp, count = 1): Promise<string[]> {
  const outbox = stack.info().doubles.mail ?? "";
  for (let waited = 0; waited < 30_000; waited += 100) {
    const response = await fetch(`${outbox}/double/mails?to=${encodeURIComponent(to)}`);
    const { mails } = Mails.parse(await response.json());
    const fitting = mails.filter((mail) => subject.test(mail.subject));
    if (fitting.length >= count) return fitting.map(({ links }) => /#token=(.+)$/.exec(links[0] ?? "")?.[1] ?? "");
    await sleep(100);
  }
  throw new Error(`no mail to ${to} about ${subject.source}`);
}
