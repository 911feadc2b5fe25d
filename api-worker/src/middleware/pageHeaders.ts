import { secureHeaders } from "hono/secure-headers";
import type { MiddlewareHandler } from "hono";
import { readConfig } from "../config.ts";
import type { AppEnv, Bindings } from "../context.ts";

/**
 * The headers every answer carries. Scripts only from this origin, and no inline ones; styles may be inline because the
 * component library sets them at run time; connections only to this origin and to Convex.
 */
export const pageHeaders: MiddlewareHandler<AppEnv> = (c, next) => headersFor(c.env)(c, next);

const made = new WeakMap<Bindings, MiddlewareHandler>();

function headersFor(bindings: Bindings): MiddlewareHandler {
  const before = made.get(bindings);
  if (before !== undefined) return before;
  const handler = secureHeaders({
    contentSecurityPolicy: {
      defaultSrc: ["'self'"],
      scriptSrc: ["'self'"],
      styleSrc: ["'self'", "'unsafe-inline'"],
      imgSrc: ["'self'", "data:"],
      fontSrc: ["'self'", "data:"],
      connectSrc: ["'self'", ...convexSources(bindings)],
      objectSrc: ["'none'"],
      baseUri: ["'none'"],
      formAction: ["'self'"],
      frameAncestors: ["'none'"],
    },
    referrerPolicy: "no-referrer",
    strictTransportSecurity: "max-age=31536000; includeSubDomains",
    xFrameOptions: "DENY",
  });
  made.set(bindings, handler);
  return handler;
}

/** Convex is reached by fetch and by WebSocket. Empty while the Worker is not configured: the page then says so. */
function convexSources(bindings: Bindings): string[] {
  const result = readConfig(bindings);
  if (!result.ok) return [];
  const { origin } = new URL(result.config.convexUrl);
  return [origin, origin.replace(/^http/, "ws")];
}
