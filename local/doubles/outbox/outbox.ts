import type { Context } from "hono";
import { html } from "hono/html";
import { refusal, requireDouble } from "../kit/credentials.ts";
import { createDoubleApp, type Double, listen, type PortOption } from "../kit/double.ts";
import type { DoubleEnv } from "../kit/env.ts";
import { loopbackOnly } from "../kit/loopback.ts";
import { page } from "../kit/page.ts";
import { NewMail } from "./mail.ts";
import { listBody, mailBody } from "./pages.ts";
import { type Problem, problemOfBody, resendError } from "./problem.ts";
import { OutboxStore } from "./store.ts";

export interface OutboxDoubleOptions extends PortOption {
  /** The API keys it accepts, each beginning with `double_`; left out: every such key. */
  keys?: readonly string[];
  /** Milliseconds since 1970; tests hand in a clock they can move. */
  now?: () => number;
}

const NAME = "a mail provider (Resend)";

/**
 * A double of a mail provider with Resend's HTTP API. Nothing is delivered: the last 200 mails stand on `/outbox`, and as JSON
 * at `/double/mails`, for this machine alone. Throws an Error with a sentence when a key is not a double's.
 */
export async function startOutboxDouble(options: OutboxDoubleOptions): Promise<Double> {
  const { keys = null, now = Date.now } = options;
  for (const key of keys ?? []) requireDouble(key, "API key", NAME);
  const store = new OutboxStore(now);
  const app = createDoubleApp({
    name: "outbox",
    standsFor: NAME,
    errorAnswer: resendError,
    home: () => html`<p>Sent mail is not delivered. <a href="/outbox">Read it here</a>.</p>`,
  });
  app.use("/outbox", loopbackOnly(NAME));
  app.use("/outbox/*", loopbackOnly(NAME));
  app.get("/outbox", (c) => c.html(page({ title: "Outbox", double: NAME, body: listBody(store.list()) })));
  app.get("/outbox/:id", (c) => {
    const mail = store.find(c.req.param("id"));
    if (mail === null) return c.notFound();
    return c.html(page({ title: mail.subject, double: NAME, body: mailBody(mail) }));
  });
  app.post("/emails", (c) => send(c, store, keys));
  app.get("/emails/:id", (c) => read(c, store, keys, c.req.param("id")));
  app.get("/double/mails", (c) => {
    const to = c.req.query("to")?.toLowerCase();
    const mails = store.list().filter((mail) => to === undefined || mail.to.some((one) => addressOf(one) === to));
    return c.json({ count: mails.length, mails });
  });
  app.delete("/double/mails", (c) => {
    store.clear();
    return c.json({ count: 0, mails: [] });
  });
  return listen("outbox", app, options);
}

async function send(c: Context<DoubleEnv>, store: OutboxStore, keys: readonly string[] | null): Promise<Response> {
  const key = checkedKey(c, keys);
  if (typeof key !== "string") return refuse(key);
  const payload = await c.req.text();
  let raw: unknown;
  try {
    raw = JSON.parse(payload);
  } catch {
    return refuse({ statusCode: 400, name: "validation_error", message: "The request body is not valid JSON." });
  }
  const parsed = NewMail.safeParse(raw);
  if (!parsed.success) return refuse(problemOfBody(parsed.error, raw));
  if ((parsed.data.html ?? "") === "" && (parsed.data.text ?? "") === "") {
    return refuse({ statusCode: 422, name: "missing_required_field", message: "Missing `html` or `text` field." });
  }
  const idempotencyKey = c.req.header("idempotency-key") ?? null;
  if (idempotencyKey !== null && (idempotencyKey.length === 0 || idempotencyKey.length > 256)) {
    return refuse({
      statusCode: 400,
      name: "invalid_idempotency_key",
      message: "The key must be between 1-256 chars.",
    });
  }
  const accepted = store.accept(parsed.data, payload, key, idempotencyKey);
  if (accepted.kind === "other_payload") {
    return refuse({
      statusCode: 409,
      name: "invalid_idempotent_request",
      message: "Same idempotency key used with a different request payload.",
    });
  }
  return c.json({ id: accepted.id });
}

function read(c: Context<DoubleEnv>, store: OutboxStore, keys: readonly string[] | null, id: string): Response {
  const key = checkedKey(c, keys);
  if (typeof key !== "string") return refuse(key);
  const mail = store.find(id);
  if (mail === null) return refuse({ statusCode: 404, name: "not_found", message: "Email not found" });
  const { at, links: _links, headers: _headers, ...told } = mail;
  return c.json({ object: "email", ...told, created_at: new Date(at).toISOString(), last_event: "delivered" });
}

/** The API key of a request, or why it may not pass. */
function checkedKey(c: Context<DoubleEnv>, keys: readonly string[] | null): string | Problem {
  // Resend's front door refuses requests that do not say what they come from, and fetch in a Worker says nothing by itself.
  if ((c.req.header("user-agent") ?? "") === "") {
    return { statusCode: 403, name: "forbidden", message: "error code: 1010 (the User-Agent header is missing)" };
  }
  const key = /^bearer +(\S+)$/i.exec(c.req.header("authorization") ?? "")?.[1];
  if (key === undefined) {
    return { statusCode: 401, name: "missing_api_key", message: "Missing API key in the authorization header" };
  }
  const refused = refusal(key, "API key", NAME);
  if (refused !== null) return { statusCode: 403, name: "invalid_api_key", message: refused };
  if (keys !== null && !keys.includes(key)) {
    return { statusCode: 403, name: "invalid_api_key", message: "API key is invalid" };
  }
  return key;
}

function refuse(problem: Problem): Response {
  return new Response(JSON.stringify(problem), {
    status: problem.statusCode,
    headers: { "content-type": "application/json" },
  });
}

/** The address within `Name <email@example.com>`. */
function addressOf(text: string): string {
  return (/<([^<>]+)>$/.exec(text.trim())?.[1] ?? text.trim()).toLowerCase();
}
