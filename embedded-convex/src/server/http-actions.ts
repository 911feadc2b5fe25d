/**
 * HTTP actions: the app's own routes (`convex/http.ts`) on the site port, and under `/http/` of the main port. Bodies
 * stream both ways. CORS is the app's matter here.
 */
import type { Engine } from "../engine/engine.ts";
import { EngineError, type Identity } from "../engine/types.ts";
import type { Authenticator } from "./authentication.ts";
import type { Caller } from "./calls.ts";
import { limited, LIMITS } from "./http.ts";

/** Handles one request; `prefix` is cut off the path that the app sees. @throws EngineError 503. */
export type Site = (request: Request, prefix: string) => Promise<Response>;

export function createSite(engine: Engine, caller: Caller, authenticator: Authenticator): Site {
  /** A bad Authorization header does not fail the request: it may be meant for the app itself. */
  async function identityOf(header: string | null): Promise<Identity> {
    try {
      return await authenticator.fromHeader(header);
    } catch (error) {
      if (error instanceof EngineError && error.status < 500) return { kind: "none" };
      throw error;
    }
  }

  return async (request, prefix) => {
    const { method, headers, body, signal } = request;
    const identity = await identityOf(headers.get("authorization"));
    const url = new URL(request.url);
    url.protocol = new URL(engine.options.siteUrl).protocol;
    url.pathname = url.pathname.slice(prefix.length);
    const sent = body === null ? {} : { body: limited(body, LIMITS.httpActionBody), duplex: "half" as const };
    const action = new Request(url, { method, headers, signal, ...sent });
    return engine.runner.runHttpAction(action, identity, { redacted: caller.isRedactedFor(identity) });
  };
}
