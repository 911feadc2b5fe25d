/**
 * HTTP actions: the app's own routes (`convex/http.ts`) on the site port, and under `/http/` of the main port. Bodies
 * stream both ways. CORS is the app's matter here.
 */
import type { Engine } from "../engine/engine.ts";
import type { Authenticator } from "./authentication.ts";
import { LIMITS } from "./http.ts";

/** Handles one request; `prefix` is cut off the path that the app sees. */
export type Site = (request: Request, prefix: string) => Promise<Response>;

export function createSite(engine: Engine, authenticator: Authenticator): Site {
  return async (request, prefix) => {
    const { method, headers, body, signal } = request;
    // A bad Authorization header does not fail the request: it may be meant for the app itself.
    const identity = await authenticator
      .fromHeader(headers.get("authorization"))
      .catch(() => ({ kind: "none" }) as const);
    const url = new URL(request.url);
    url.protocol = new URL(engine.options.siteUrl).protocol;
    url.pathname = url.pathname.slice(prefix.length);
    const sent = body === null ? {} : { body: limited(body), duplex: "half" as const };
    return engine.runHttpAction(new Request(url, { method, headers, signal, ...sent }), identity);
  };
}

/** Fails the body, and with it the action's read of it, once it is larger than an HTTP action may be sent. */
function limited(body: ReadableStream<Uint8Array>): ReadableStream<Uint8Array> {
  let size = 0;
  const limit = new TransformStream<Uint8Array, Uint8Array>({
    transform(chunk, controller) {
      size += chunk.length;
      if (size > LIMITS.httpActionBody)
        controller.error(new Error(`The body is larger than ${LIMITS.httpActionBody} bytes.`));
      else controller.enqueue(chunk);
    },
  });
  return body.pipeThrough(limit);
}
