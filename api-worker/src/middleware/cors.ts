import { API_PATHS, CORS_REQUEST_HEADERS, REQUEST_ID_HEADER } from "@oa/contract";
import { cors } from "hono/cors";
import { createMiddleware } from "hono/factory";
import type { AppEnv } from "../context.ts";
import { requireConfig } from "./configured.ts";

/** Where a page of another origin may call at all: the public API. Never `/web/*` or `/internal/*`. */
export const CORS_PATHS = [API_PATHS.index, `${API_PATHS.index}/*`] as const;

/** Only configured origins are named back, and never with credentials: a cookie does not travel across origins. */
export const allowConfiguredOrigins = createMiddleware<AppEnv>((c, next) => {
  const { corsOrigins } = requireConfig(c);
  if (corsOrigins.length === 0) return next();
  const handler = cors({
    origin: (origin) => (corsOrigins.includes(origin) ? origin : null),
    allowMethods: ["GET", "POST", "PUT", "DELETE"],
    allowHeaders: [...CORS_REQUEST_HEADERS],
    exposeHeaders: [REQUEST_ID_HEADER],
    maxAge: 600,
  });
  return handler(c, next);
});
