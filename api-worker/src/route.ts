import { createHash } from "node:crypto";
import { ApiError, issuesOf } from "@oa/contract";
import type { ErrorCode, LimitCheck } from "@oa/contract";
import * as z from "zod";
import { ipOf } from "./client.ts";
import type { AppContext, Services } from "./context.ts";
import { streamOf } from "./fileStream.ts";
import { assertWithin } from "./limits.ts";
import { GATES } from "./middleware/gates.ts";
import type { Gate, Granted } from "./middleware/gates.ts";
import { limitedText } from "./outbound/limitedText.ts";
import { servicesFor } from "./services.ts";
import { successBody, wireOf } from "./wire.ts";
import type { CodeNames } from "./wire.ts";

/** Largest request body a route reads unless it says otherwise, in bytes. */
const MAX_BODY_BYTES = 64 * 1024;

/** Parts of a request a schema may describe. An empty body is read as `{}`. */
export type InputShape = { params?: z.ZodType; query?: z.ZodType; body?: z.ZodType };

/** `input` of a route that takes nothing. */
export const NOTHING = z.object({});

/** What a handler gets: its request parsed, and what the gate granted. */
export interface Call<G extends Gate, I> {
  granted: Granted[G];
  input: I;
  services: Services;
  requestId: string;
  /** As Cloudflare saw it; never what the client says of itself. */
  ip: string | null;
  /** For cookies and addresses of the request itself. */
  c: AppContext;
  /** Keeps work alive past the answer (up to 30 s); it must not reject. */
  after: (work: Promise<void>) => void;
}

type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";

interface RouteSpec<G extends Gate, I extends InputShape, A extends z.ZodType> {
  method: Method;
  /** As in `API_PATHS`: parameters in braces. */
  path: string;
  gate: G;
  /** One line for the index and the document. */
  summary: string;
  input: z.ZodObject<I>;
  /** 422 instead of 400 for a body that does not fit, where a client of old expects that. */
  misfit?: "unprocessable";
  maxBodyBytes?: number;
  /** What this counts against, before any work is done for it. */
  limits?: (call: Call<G, z.output<z.ZodObject<I>>>) => readonly LimitCheck[];
  answer: A;
  /** 200 unless the work goes on after the answer. */
  status?: 200 | 201 | 202;
  /** What can go wrong besides what the gate, the schemas and the configuration refuse. */
  errors?: readonly ErrorCode[];
  /** What this route calls errors, where the CLI's usual names do not say enough. */
  codeNames?: CodeNames;
  /** Answers with an `ETag`, and 304 to who has this very answer. */
  etag?: boolean;
  handle(call: Call<G, z.output<z.ZodObject<I>>>): Promise<z.input<A>>;
}

/** A route of the table: what the document and the tests read, and the handler behind its gate. */
export interface Route {
  method: Method;
  path: string;
  gate: Gate;
  summary: string;
  input: InputShape;
  /** Null for what answers no data: documents, redirects, files, streams, and what is passed on. */
  answer: z.ZodType | null;
  /** Documents are served even where the Worker is not configured. */
  kind: "data" | "document" | "redirect" | "file" | "stream" | "relay";
  /** Content types of a file, a stream or what is passed on. */
  fileTypes?: readonly string[];
  status: 200 | 201 | 202 | 302;
  errors: readonly ErrorCode[];
  codeNames?: CodeNames;
  respond(c: AppContext): Promise<Response>;
}

/**
 * Makes a route. The order is fixed: gate, then schemas, then handler; so a stranger's body is never read, and an id is
 * never looked up for one. The answer is parsed on its way out too: a field its schema does not name never leaves.
 */
export function route<G extends Gate, I extends InputShape, A extends z.ZodType>(spec: RouteSpec<G, I, A>): Route {
  const { method, path, gate, summary, answer, status = 200, errors = [] } = spec;
  return {
    method,
    path,
    gate,
    summary,
    input: spec.input.shape,
    answer,
    kind: "data",
    status,
    errors: spec.limits === undefined ? errors : [...errors, "rate_limited"],
    ...(spec.codeNames !== undefined && { codeNames: spec.codeNames }),
    async respond(c) {
      if (spec.codeNames !== undefined) c.set("codeNames", spec.codeNames);
      const call = await enter(c, spec);
      const data = answer.parse(await spec.handle(call));
      const text = JSON.stringify(successBody(wireOf(path), data));
      if (spec.etag !== true) {
        c.header("cache-control", "no-store");
        return c.body(text, status, JSON_TYPE);
      }
      const etag = `"${createHash("sha256").update(text).digest("base64url").slice(0, 22)}"`;
      c.header("cache-control", "private, no-cache");
      c.header("etag", etag);
      return c.req.header("if-none-match") === etag ? c.body(null, 304) : c.body(text, status, JSON_TYPE);
    },
  };
}

const JSON_TYPE = { "content-type": "application/json" };

/** Gate, schemas, limits: what stands before every handler. */
async function enter<G extends Gate, I extends InputShape>(
  c: AppContext,
  spec: Pick<RouteSpec<G, I, z.ZodType>, "gate" | "input" | "misfit" | "maxBodyBytes" | "limits">,
): Promise<Call<G, z.output<z.ZodObject<I>>>> {
  const services = servicesFor(c);
  const granted = await GATES[spec.gate](c, services);
  const hasBody = spec.input.shape.body !== undefined;
  const input = parse(
    spec.input,
    {
      params: c.req.param(),
      query: c.req.query(),
      ...(hasBody && { body: await readJson(c, spec.maxBodyBytes ?? MAX_BODY_BYTES) }),
    },
    spec.misfit ?? "invalid_request",
  );
  const call = {
    granted,
    input,
    services,
    requestId: c.get("requestId"),
    ip: ipOf(c),
    c,
    after: (work: Promise<void>) => c.executionCtx.waitUntil(work),
  };
  if (spec.limits !== undefined) await assertWithin(services.control, spec.limits(call));
  return call;
}

/**
 * A visit of a browser that is sent on. Where to is the handler's: an address of this site, or of a configured provider. What keeps it
 * from going there is told on a page too, where `troublePage` has one for it: who comes here is a person.
 */
export function redirect<I extends InputShape>(
  spec: Pick<RouteSpec<"none", I, z.ZodType>, "path" | "summary" | "input" | "limits" | "errors"> & {
    troublePage(code: ErrorCode): string | null;
    handle(call: Call<"none", z.output<z.ZodObject<I>>>): Promise<string>;
  },
): Route {
  const { path, summary, errors = [] } = spec;
  return {
    method: "GET",
    path,
    gate: "none",
    summary,
    input: spec.input.shape,
    answer: null,
    kind: "redirect",
    status: 302,
    errors: [...errors, "not_configured"],
    async respond(c) {
      c.header("cache-control", "no-store");
      return c.redirect(await destination(c), 302);
    },
  };

  async function destination(c: AppContext): Promise<string> {
    try {
      return await spec.handle(await enter(c, { ...spec, gate: "none" }));
    } catch (error) {
      const page = error instanceof ApiError ? spec.troublePage(error.code) : null;
      if (page === null) throw error;
      return page;
    }
  }
}

/** What the makers of routes below are told alike. */
type RawSpec<G extends Gate, I extends InputShape, T> = Pick<
  RouteSpec<G, I, z.ZodType>,
  "path" | "gate" | "summary" | "input" | "limits" | "maxBodyBytes" | "errors"
> & { handle(call: Call<G, z.output<z.ZodObject<I>>>): Promise<T> };

/** A route whose answer is no data of the table's own form: what the handler gives is for `send` to answer. */
function raw<G extends Gate, I extends InputShape, T>(
  spec: RawSpec<G, I, T>,
  form: Pick<Route, "method" | "kind"> & { fileTypes: readonly string[] },
  send: (c: AppContext, given: T) => Response | Promise<Response>,
): Route {
  const { path, gate, summary, errors = [] } = spec;
  return {
    ...form,
    path,
    gate,
    summary,
    input: spec.input.shape,
    answer: null,
    status: 200,
    errors: [...errors, ...(spec.limits === undefined ? [] : (["rate_limited"] as const)), "not_configured"],
    respond: async (c) => send(c, await spec.handle(await enter(c, spec))),
  };
}

/** A file that is made while it is read. */
export interface FileAnswer {
  name: string;
  contentType: string;
  /** Parts of its text, none empty; asked for one at a time, each when the reader has taken the one before. */
  chunks: AsyncGenerator<string, void>;
}

/**
 * Makes a route that answers a file. Its first part is made before the head leaves: what cannot be read at all is an error with a
 * status. What breaks later breaks the connection, so that nobody takes half a file for a whole one.
 */
export function file<G extends Gate, I extends InputShape>(
  spec: RawSpec<G, I, FileAnswer> & { types: readonly string[] },
): Route {
  return raw(spec, { method: "GET", kind: "file", fileTypes: spec.types }, async (c, { name, contentType, chunks }) =>
    c.body(await streamOf(chunks, c.get("requestId")), 200, {
      "content-type": contentType,
      "content-disposition": `attachment; filename="${name}"`,
      "cache-control": "no-store",
    }),
  );
}

/**
 * Makes a route that answers server-sent events of another part, passed on as they come until one side ends them. What cannot
 * be opened at all is an error with a status.
 */
export function stream<G extends Gate, I extends InputShape>(spec: RawSpec<G, I, ReadableStream<Uint8Array>>): Route {
  return raw(spec, { method: "GET", kind: "stream", fileTypes: ["text/event-stream"] }, (c, body) =>
    c.body(body, 200, {
      "content-type": "text/event-stream",
      // Not compressed either: what compresses collects first.
      "cache-control": "no-store, no-transform",
      "x-accel-buffering": "no",
    }),
  );
}

/** An answer that is another service's own. */
export interface RelayedAnswer {
  headers: Record<string, string>;
  body: ReadableStream<Uint8Array> | string;
}

/** Makes a route that passes on what another service answers, as it comes. */
export function relay<G extends Gate, I extends InputShape>(
  spec: RawSpec<G, I, RelayedAnswer> & { method: Method; types: readonly string[] },
): Route {
  return raw(spec, { method: spec.method, kind: "relay", fileTypes: spec.types }, (c, { headers, body }) =>
    c.body(body, 200, { "cache-control": "no-store", ...headers }),
  );
}

function parse<S extends z.ZodType>(
  schema: S,
  value: unknown,
  misfit: "invalid_request" | "unprocessable",
): z.output<S> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  // Named as the sender knows them: `password`, not `body.password`.
  const issues = issuesOf(parsed.error).map(({ path, message }) => ({
    path: path.replace(/^(params|query|body)\.?/, ""),
    message,
  }));
  const sentences = issues.map(({ path, message }) => (path === "" ? message : `${path}: ${message}`));
  throw new ApiError(misfit, `The request does not fit. ${sentences.join("; ")}.`, { issues });
}

async function readJson(c: AppContext, maxBytes: number): Promise<unknown> {
  const text = await limitedText(c.req.raw.body, maxBytes);
  if (text === null) throw new ApiError("payload_too_large", `The body is larger than ${maxBytes} bytes.`);
  if (text === "") return {};
  // Pages of other sites can send text/plain without asking; JSON makes their browser ask first.
  if (!/^application\/json\b/i.test(c.req.header("content-type") ?? "")) {
    throw new ApiError("invalid_request", "Send the body as JSON, with content-type: application/json.");
  }
  try {
    const body: unknown = JSON.parse(text);
    return body;
  } catch {
    throw new ApiError("invalid_request", "The body is not valid JSON.");
  }
}

/** A read that answers something else than the envelope. Open to all, so it must not depend on who asks. */
export function document(spec: {
  path: string;
  gate: "none";
  summary: string;
  respond(c: AppContext): Promise<Response>;
}): Route {
  return { method: "GET", input: {}, answer: null, kind: "document", status: 200, errors: [], ...spec };
}
