/**
 * Routes are a table: method, path, who may call, what runs. A path that is not in it does not exist, and "admin"
 * is checked here, before a handler sees the request.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { z } from "zod";
import { EngineError, type Identity } from "../engine/types.ts";
import { isAdmin, type Authenticator } from "./authentication.ts";
import { addressOf, errorReply, parseJson, readBody, replyPreflight, send, setCors, type Reply } from "./http.ts";

export interface Route {
  /** "GET /path" or "POST /path": exact, or with a final `/*` whose match is `ApiRequest.rest`. */
  at: string;
  access: "public" | "admin";
  handle(request: ApiRequest): Promise<Reply>;
}

/** A request as a handler sees it. */
export interface ApiRequest {
  url: URL;
  /** What a final `/*` of the route's path matched, as it was sent. */
  rest: string;
  /** Ends when the client went away or the server stops. */
  signal: AbortSignal;
  /** Verified once, however often it is asked for. @throws EngineError 401. */
  identity(): Promise<Identity>;
  /** Reads and parses the body. @throws EngineError 400, 413. */
  body<T>(schema: z.ZodType<T>, limit: number): Promise<T>;
}

export type ApiHandler = (request: IncomingMessage, response: ServerResponse) => void;

export interface ApiOptions {
  routes: Route[];
  authenticator: Authenticator;
  /** Told of every failure that is not the caller's fault. */
  onError: (error: unknown) => void;
  /** Aborted when the server stops, so that long polls end. */
  stopping: AbortSignal;
}

/** A request handler for node:http that dispatches over `routes`. */
export function createApi({ routes, authenticator, onError, stopping }: ApiOptions): ApiHandler {
  const exact = new Map(routes.map((route) => [route.at, route]));
  const prefixes = routes
    .filter(({ at }) => at.endsWith("/*"))
    .map((route) => ({ prefix: route.at.slice(0, -1), route }));

  function find(wanted: string): { route: Route; rest: string } | null {
    const route = exact.get(wanted);
    if (route !== undefined) return { route, rest: "" };
    const match = prefixes.find(({ prefix }) => wanted.startsWith(prefix));
    return match === undefined ? null : { route: match.route, rest: wanted.slice(match.prefix.length) };
  }

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<Reply> {
    const url = addressOf(request);
    const method = request.method === "HEAD" ? "GET" : (request.method ?? "GET");
    const found = find(`${method} ${url.pathname}`);
    if (found === null) throw new EngineError("NotFound", `There is no ${method} ${url.pathname} here.`, 404);

    let identity: Promise<Identity> | undefined;
    const identify = () => (identity ??= authenticator.fromHeader(request.headers.authorization));
    if (found.route.access === "admin" && !isAdmin(await identify())) {
      const message = `${url.pathname} needs the header \`Authorization: Convex <admin key>\`.`;
      throw new EngineError("MissingAdminKey", message, 401);
    }
    const gone = new AbortController();
    response.once("close", () => gone.abort());
    return found.route.handle({
      url,
      rest: found.rest,
      signal: AbortSignal.any([gone.signal, stopping]),
      identity: identify,
      body: async (schema, limit) => parseJson(await readBody(request, limit), schema),
    });
  }

  return (request, response) => {
    if (request.method === "OPTIONS") {
      replyPreflight(request, response);
      return;
    }
    setCors(request, response);
    answer(request, response)
      .catch((error: unknown) => {
        if (!(error instanceof EngineError)) onError(error);
        return errorReply(error);
      })
      .then((reply) => send(request, response, reply))
      .catch(onError);
  };
}
