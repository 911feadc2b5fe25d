import { randomBytes } from "node:crypto";
import type { Context } from "hono";
import { html } from "hono/html";
import { requireDouble } from "../kit/credentials.ts";
import { createDoubleApp, type Double, listen, type PortOption } from "../kit/double.ts";
import type { DoubleEnv } from "../kit/env.ts";
import { chatCompletions } from "./chat.ts";
import { enter, refuse, type Upstream } from "./door.ts";
import { embeddings } from "./embeddings.ts";
import { invalid, openaiError, problemOf } from "./problem.ts";
import { RequestLog } from "./requestLog.ts";
import { responses } from "./responses.ts";

export interface UpstreamDoubleOptions extends PortOption {
  /** The keys it accepts, each beginning with `double_`; left out: every such key. */
  keys?: readonly string[];
  /** The models it has; left out: it answers for any, and lists a few. */
  models?: readonly string[];
  /** Milliseconds since 1970. */
  now?: () => number;
}

/** What `/v1/models` lists when the double answers for any model. */
const LISTED_MODELS = [
  "gpt-5",
  "gpt-5-mini",
  "gpt-4o",
  "gpt-4o-mini",
  "claude-sonnet-4-5",
  "gemini-2.5-pro",
  "text-embedding-3-small",
  "text-embedding-3-large",
];

/** When every listed model was made: 2025-01-01. */
const MODEL_CREATED = 1_735_689_600;

/**
 * A double of an OpenAI-compatible model endpoint, to be used as `<url>/v1`. It answers in plain words, counts tokens the same
 * way at every run, and takes orders in the last user message. Throws an Error with a sentence when a key is not a double's.
 */
export async function startUpstreamDouble(options: UpstreamDoubleOptions): Promise<Double> {
  const { keys = null, models = null, now = Date.now } = options;
  for (const key of keys ?? []) requireDouble(key, "API key", "an OpenAI-compatible upstream");
  const upstream: Upstream = { keys, models, log: new RequestLog(now), now };
  const app = createDoubleApp({
    name: "upstream",
    standsFor: "an OpenAI-compatible upstream",
    errorAnswer: openaiError,
    home: () =>
      html`<p>
        Base URL for clients: this address and <code>/v1</code>. What it has received:
        <a href="/double/requests">/double/requests</a>.
      </p>`,
  });
  app.use("/v1/*", async (c, next) => {
    c.env.outgoing.setHeader("x-request-id", `req_${randomBytes(16).toString("hex")}`);
    await next();
  });
  app.post("/v1/chat/completions", (c) => chatCompletions(c, upstream));
  app.post("/v1/responses", (c) => responses(c, upstream));
  app.post("/v1/embeddings", (c) => embeddings(c, upstream));
  app.get("/v1/models", (c) => listModels(c, upstream));
  app.get("/v1/models/:model{.+}", (c) => oneModel(c, upstream, c.req.param("model")));
  app.all("/v1/*", (c) => unknownUrl(c, upstream));
  app.get("/double/requests", (c) => c.json({ count: upstream.log.list().length, requests: upstream.log.list() }));
  app.delete("/double/requests", (c) => {
    upstream.log.clear();
    return c.json({ count: 0, requests: [] });
  });
  return listen("upstream", app, options);
}

function modelOf(id: string) {
  return { id, object: "model", created: MODEL_CREATED, owned_by: "double" };
}

function listModels(c: Context<DoubleEnv>, upstream: Upstream): Response {
  const entered = enter(c, upstream);
  if (entered.kind === "refused") return entered.response;
  entered.seen.status = 200;
  entered.seen.ended = "complete";
  return c.json({ object: "list", data: (upstream.models ?? LISTED_MODELS).map(modelOf) });
}

function oneModel(c: Context<DoubleEnv>, upstream: Upstream, id: string): Response {
  const entered = enter(c, upstream);
  if (entered.kind === "refused") return entered.response;
  if (upstream.models !== null && !upstream.models.includes(id)) {
    const message = `The model '${id}' does not exist`;
    return refuse(entered.seen, { ...problemOf(404), message, param: "model" }).response;
  }
  entered.seen.status = 200;
  entered.seen.ended = "complete";
  return c.json(modelOf(id));
}

function unknownUrl(c: Context<DoubleEnv>, upstream: Upstream): Response {
  const entered = enter(c, upstream);
  if (entered.kind === "refused") return entered.response;
  return refuse(entered.seen, invalid(`Invalid URL (${c.req.method} ${c.req.path})`, { status: 404 })).response;
}
