/**
 * Routes are a table: method, path, who may call, what runs. A path that is not in it does not exist, and "admin"
 * is checked here, before a handler sees the request.
 */
import { Hono } from "hono";
import { cors } from "hono/cors";
import type { z } from "zod";
import { EngineError, type Identity } from "../engine/types.ts";
import { WHERE } from "../engine/unsupported.ts";
import { isAdmin, type Authenticator } from "./authentication.ts";
import type { Site } from "./http-actions.ts";
import { parseJson, readBody } from "./http.ts";

/** How long a browser may remember the answer to a preflight. */
const PREFLIGHT_S = 24 * 60 * 60;

export interface Route {
  /** "GET /path" or "POST /path". */
  at: string;
  access: "public" | "admin";
  handle: (request: ApiRequest) => Response | Promise<Response>;
}

/** A request as a handler sees it. */
export interface ApiRequest {
  url: URL;
  /** Ends when the client went away. */
  signal: AbortSignal;
  /** Who calls. @throws EngineError 401. */
  identity(): Promise<Identity>;
  /** Reads and parses the body. @throws EngineError 400, 413. */
  body<T>(schema: z.ZodType<T>, limit: number): Promise<T>;
}

/**
 * What answers on the main port: `routes`, and the app's own under `/http/`.
 * @param refuse Makes the answer for a request that failed.
 */
export function createApi(
  routes: Route[],
  site: Site,
  authenticator: Authenticator,
  refuse: (error: unknown) => Response,
): Hono {
  const app = new Hono();
  app.all("/http/*", ({ req }) => site(req.raw, "/http"));
  // Browsers of any origin may call the API: it carries no cookies, so an origin gains nothing a token does not give.
  app.use(cors({ origin: (origin) => origin, credentials: true, maxAge: PREFLIGHT_S }));
  for (const { at, access, handle } of routes) {
    const [method = "", path = ""] = at.split(" ");
    app.on(method, path, async ({ req: { raw } }) => {
      const identity = () => authenticator.fromHeader(raw.headers.get("authorization"));
      if (access === "admin" && !isAdmin(await identity())) {
        const message = `${path} needs the header \`Authorization: Convex <admin key>\`.`;
        throw new EngineError("MissingAdminKey", message, 401);
      }
      return handle({
        url: new URL(raw.url),
        signal: raw.signal,
        identity,
        body: async (schema, limit) => parseJson(await readBody(raw, limit), schema),
      });
    });
  }
  app.notFound(({ req }) =>
    refuse(new EngineError("NotFound", `There is no ${req.method} ${req.path} here. ${WHERE}`, 404)),
  );
  app.onError(refuse);
  return app;
}
