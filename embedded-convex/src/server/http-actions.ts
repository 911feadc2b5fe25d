/**
 * HTTP actions: the app's own routes (`convex/http.ts`) on the site port, and under `/http/` of the main port. Bodies
 * stream both ways. CORS is the app's matter here.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import { Readable, Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { Engine } from "../engine/engine.ts";
import type { Identity } from "../engine/types.ts";
import type { Authenticator } from "./authentication.ts";
import { errorReply, LIMITS, send } from "./http.ts";

interface Parts {
  engine: Engine;
  authenticator: Authenticator;
  onError: (error: unknown) => void;
}

/** Handles one request; `prefix` is cut off the path that the app sees. */
export type SiteHandler = (request: IncomingMessage, response: ServerResponse, prefix: string) => void;

export function createSite({ engine, authenticator, onError }: Parts): SiteHandler {
  /** A bad Authorization header does not fail the request: it may be meant for the app itself. */
  async function identify(header: string | undefined): Promise<Identity> {
    try {
      return await authenticator.fromHeader(header);
    } catch {
      return { kind: "none" };
    }
  }

  async function answer(request: IncomingMessage, response: ServerResponse, prefix: string): Promise<void> {
    const identity = await identify(request.headers.authorization);
    const gone = new AbortController();
    response.once("close", () => gone.abort());
    const result = await engine.runHttpAction(webRequest(request, prefix, gone.signal), identity);
    await sendResponse(request, response, result);
  }

  function webRequest(request: IncomingMessage, prefix: string, signal: AbortSignal): Request {
    const path = (request.url ?? "/").slice(prefix.length);
    const url = new URL(path.startsWith("/") ? path : `/${path}`, originOf(request));
    const headers = new Headers();
    for (let index = 0; index + 1 < request.rawHeaders.length; index += 2) {
      headers.append(request.rawHeaders[index] ?? "", request.rawHeaders[index + 1] ?? "");
    }
    const method = request.method ?? "GET";
    if (method === "GET" || method === "HEAD") return new Request(url, { method, headers, signal });
    const body = Readable.toWeb(request.pipe(limited(request)));
    return new Request(url, { method, headers, signal, body, duplex: "half" });
  }

  /** The address the caller used, as far as it names a host; else the deployment's own. */
  function originOf(request: IncomingMessage): string {
    const host = request.headers.host;
    const configured = engine.options.siteUrl;
    return host !== undefined && URL.canParse(`http://${host}`)
      ? `${new URL(configured).protocol}//${host}`
      : configured;
  }

  return (request, response, prefix) => {
    answer(request, response, prefix).catch((error: unknown) => {
      if (response.destroyed) return;
      onError(error);
      if (response.headersSent) response.destroy();
      else send(request, response, errorReply(error));
    });
  };
}

/** Fails the body, and with it the action's read of it, once it is larger than an HTTP action may be sent. */
function limited(request: IncomingMessage): Transform {
  let size = 0;
  const limit = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      size += chunk.length;
      if (size > LIMITS.httpActionBody) done(new Error(`The body is larger than ${LIMITS.httpActionBody} bytes.`));
      else done(null, chunk);
    },
  });
  // Whoever reads the body learns of it; nobody may be reading any more.
  limit.on("error", () => undefined);
  request.once("error", (error) => limit.destroy(error));
  request.once("close", () => {
    if (!request.complete) limit.destroy(new Error("The client went away."));
  });
  return limit;
}

async function sendResponse(request: IncomingMessage, response: ServerResponse, result: Response): Promise<void> {
  for (const [name, value] of result.headers) {
    if (name !== "set-cookie") response.setHeader(name, value);
  }
  const cookies = result.headers.getSetCookie();
  if (cookies.length > 0) response.setHeader("set-cookie", cookies);
  if (!request.complete) response.setHeader("connection", "close");
  response.writeHead(result.status, result.statusText);
  if (result.body === null || request.method === "HEAD") {
    await result.body?.cancel();
    response.end();
    return;
  }
  await pipeline(Readable.fromWeb(result.body), response);
}
