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
import { errorReply, parseJson, readBody } from "./http.ts";

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
  /** Ends when the client went away or the server stops. */
  signal: AbortSignal;
  /** Verified once, however often it is asked for. @throws EngineError 401. */
  identity(): Promise<Identity>;
  /** Reads and parses the body. @throws EngineError 400, 413. */
  body<T>(schema: z.ZodType<T>, limit: number): Promise<T>;
}

export interface ApiOptions {
  routes: Route[];
  authenticator: Authenticator;
  /** Told of every failure that is not the caller's fault. */
  onError: (error: unknown) => void;
  /** Aborted when the server stops, so that long polls end. */
  stopping: AbortSignal;
}

/** A request handler that dispatches over `routes`. */
export function createApi({ routes, authenticator, onError, stopping }: ApiOptions): Hono {
  const app = new Hono();
  // Browsers of any origin may call the API: it carries no cookies, so an origin gains nothing a token does not give.
  app.use(cors({ origin: (origin) => origin, credentials: true, maxAge: PREFLIGHT_S }));
  for (const { at, access, handle } of routes) {
    const [method = "", path = ""] = at.split(" ");
    app.on(method, path, async ({ req: { raw } }) => {
      const url = new URL(raw.url);
      let known: Promise<Identity> | undefined;
      const identity = () => (known ??= authenticator.fromHeader(raw.headers.get("authorization")));
      if (access === "admin" && !isAdmin(await identity())) {
        const message = `${url.pathname} needs the header \`Authorization: Convex <admin key>\`.`;
        throw new EngineError("MissingAdminKey", message, 401);
      }
      const signal = AbortSignal.any([raw.signal, stopping]);
      return handle({
        url,
        signal,
        identity,
        body: async (schema, limit) => parseJson(await readBody(raw, limit), schema),
      });
    });
  }
  app.notFound(({ req }) =>
    errorReply(new EngineError("NotFound", `There is no ${req.method} ${req.path} here. ${WHERE}`, 404)),
  );
  app.onError((error) => {
    if (!(error instanceof EngineError)) onError(error);
    return errorReply(error);
  });
  return app;
}
