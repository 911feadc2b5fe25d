import { ApiError, REQUEST_ID_HEADER } from "@oa/contract";
import { Hono } from "hono";
import { requestId } from "hono/request-id";
import type { AppContext, AppEnv } from "./context.ts";
import { CORS_PATHS, allowConfiguredOrigins } from "./middleware/cors.ts";
import { answerError } from "./middleware/errors.ts";
import { logRequests } from "./middleware/log.ts";
import { pageHeaders } from "./middleware/pageHeaders.ts";
import { refusePrivilegedHeaders } from "./middleware/privileged.ts";
import type { Route } from "./route.ts";

/** First segments that belong to programs: below them an unknown path is an error, not a page. */
const API_PREFIXES = [
  "/api",
  "/auth",
  "/oauth",
  "/internal",
  "/web",
  "/control",
  "/fleet",
  "/v1",
  "/models",
  "/credits",
  "/usage",
  "/keys",
  "/key",
  "/.well-known",
] as const;

/** What a head alone would begin, use up, or leave open with nobody to read it. */
const WITHOUT_HEAD: ReadonlySet<Route["kind"]> = new Set<Route["kind"]>(["redirect", "file", "stream"]);

/** Longest request id taken over from a caller. */
const REQUEST_ID_LIMIT = 128;

/** The Worker's application: what every request goes through, the route table, and the website's files for the rest. */
export function createApp(routes: readonly Route[]): Hono<AppEnv> {
  const app = new Hono<AppEnv>();

  app.use(requestId({ headerName: REQUEST_ID_HEADER, limitLength: REQUEST_ID_LIMIT }));
  app.use(logRequests);
  app.use(pageHeaders);
  app.use(refusePrivilegedHeaders);
  for (const path of CORS_PATHS) app.use(path, allowConfiguredOrigins);

  const refuseMethod = (c: AppContext, path: string): never => {
    const allowed = routes.filter((route) => route.path === path).map((route) => route.method);
    c.header("allow", allowed.join(", "));
    throw new ApiError("method_not_allowed", `This path takes ${allowed.join(" or ")}.`);
  };
  for (const route of routes) {
    // Hono asks a route of GET for HEAD too, and drops the body.
    app.on(route.method, honoPath(route.path), (c) =>
      c.req.method === "HEAD" && WITHOUT_HEAD.has(route.kind) ? refuseMethod(c, route.path) : route.respond(c),
    );
  }
  for (const path of new Set(routes.map((route) => route.path))) app.all(honoPath(path), (c) => refuseMethod(c, path));
  app.all("*", serveWebsite);

  app.notFound((c) => answerError(noSuchPath(c), c));
  app.onError(answerError);
  return app;
}

/** `{id}` of the contract and of OpenAPI is `:id` in Hono. */
function honoPath(path: string): string {
  return path.replaceAll(/\{(\w+)\}/g, ":$1");
}

/** Files of the website whose names carry a hash of their content. Browsers keep them for good (`website/public/_headers`). */
const HASHED_FILES = "/assets/";

/**
 * A file, else the website's one page, whose router knows what there is. But a hashed file that is not there (it went with an older
 * deployment) is told as missing: the page in its place would be kept for good as that file.
 */
async function serveWebsite(c: AppContext): Promise<Response> {
  const { ASSETS: files } = c.env;
  const forPrograms = API_PREFIXES.some((prefix) => c.req.path === prefix || c.req.path.startsWith(`${prefix}/`));
  const read = c.req.method === "GET" || c.req.method === "HEAD";
  if (forPrograms || !read || files === undefined) throw noSuchPath(c);
  const file = await files.fetch(c.req.raw);
  if (file.status !== 404) return changeable(file);
  if (c.req.path.startsWith(HASHED_FILES)) throw noSuchPath(c);
  return changeable(await files.fetch(new Request(new URL("/", c.req.url), c.req.raw)));
}

/** A fresh response, because the headers of a fetched one cannot be added to. */
function changeable(file: Response): Response {
  return new Response(file.body, file);
}

function noSuchPath(c: AppContext): ApiError {
  return new ApiError(
    "not_found",
    `There is no ${c.req.method} ${c.req.path} here. GET /api/openclaw lists what there is.`,
  );
}
