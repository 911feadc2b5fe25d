/**
 * The running server: one data directory, one engine, two ports. The main port speaks the API, the sync protocol and
 * the CLI's endpoints; the site port serves the app's HTTP actions.
 */
import { getRequestListener, RequestError } from "@hono/node-server";
import { version } from "convex";
import { openEngine, type Engine } from "../engine/engine.ts";
import { EngineError } from "../engine/types.ts";
import { createAuthenticator } from "./authentication.ts";
import { createCaller } from "./calls.ts";
import { holdDataDir, readOrCreateAdminKey } from "./data-dir.ts";
import { createDeployApi } from "./deploy-api.ts";
import { functionRoutes } from "./function-api.ts";
import { createSite } from "./http-actions.ts";
import { errorReply } from "./http.ts";
import { createTokenVerifier } from "./jwt.ts";
import { listen } from "./listener.ts";
import { createLogStream } from "./log-stream.ts";
import { createApi, type Route } from "./routes.ts";
import { createLiveQueries } from "./sync/live-queries.ts";
import { createSyncServer } from "./sync/sync-server.ts";
import { createSystemQueries } from "./system-queries.ts";

/** How long a stopping server waits for what is in flight, in milliseconds: supervisors often kill after ten seconds. */
const DRAIN_MS = 8_000;

/** How to run a deployment. Only `dataDir` is needed. */
export interface ServerOptions {
  /** Where everything is kept; made when missing. One process at a time. */
  dataDir: string;
  /** The API, WebSocket and CLI port; 0 for any free one. Default 3210. */
  port?: number;
  /** The port of the app's HTTP actions; 0 for any free one. Default 3211. */
  sitePort?: number;
  /** Default 127.0.0.1: only this machine. */
  host?: string;
  /** Default: the key stored in the data directory, made at the first start. One given here is stored there. */
  adminKey?: string | undefined;
  /** How clients reach the two ports, where that differs from host and port (a proxy, a domain). */
  cloudOrigin?: string | undefined;
  siteOrigin?: string | undefined;
  /** Name of the deployment. Default "embedded". */
  name?: string;
  /** Shows clients other than the admin neither messages of thrown errors nor log lines. Default false. */
  redactErrors?: boolean;
  /** "normal" may lose the last commits when the machine (not the process) dies; for tests. Default "full". */
  synchronous?: "full" | "normal";
  /** Milliseconds since 1970. Default Date.now. */
  now?: () => number;
  /** Told of failures inside the server. Default: standard error. */
  onError?: (error: unknown) => void;
}

export interface RunningServer {
  /** `CONVEX_SELF_HOSTED_URL`, and the address clients connect to. */
  url: string;
  /** Where the app's HTTP actions are. */
  siteUrl: string;
  /** `CONVEX_SELF_HOSTED_ADMIN_KEY`. */
  adminKey: string;
  engine: Engine;
  /** Answers what is in flight, tells sockets to come back, closes the database. Safe to call twice. */
  close(): Promise<void>;
}

/**
 * Starts a deployment and resolves when it answers.
 * @throws EngineError when the data directory is in use; EADDRINUSE and the like from the ports.
 */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const { host = "127.0.0.1", now = Date.now, onError = (error: unknown) => console.error(error) } = options;
  // What is opened is closed in the opposite order, at the end or when a later step fails.
  await using opened = new AsyncDisposableStack();
  const dir = opened.adopt(holdDataDir(options.dataDir), (held) => held.release());
  const adminKey = readOrCreateAdminKey(dir.paths, options.adminKey);
  // Ports come before the engine: functions see their own addresses in `process.env`.
  const main = opened.adopt(await listen(host, options.port ?? 3210), (listener) => listener.close(0));
  const site = opened.adopt(await listen(host, options.sitePort ?? 3211), (listener) => listener.close(0));
  const url = options.cloudOrigin ?? originOf(host, main.port);
  const siteUrl = options.siteOrigin ?? originOf(host, site.port);
  const engine = opened.adopt(
    await openEngine({
      file: dir.paths.database,
      modulesDir: dir.paths.modules,
      cloudUrl: url,
      siteUrl,
      name: options.name ?? "embedded",
      now,
      synchronous: options.synchronous ?? "full",
      locked: true,
    }),
    (engine) => engine.close(),
  );

  const tokens = createTokenVerifier(() => engine.code.auth, now);
  const authenticator = createAuthenticator(adminKey, tokens);
  const caller = createCaller(engine, createSystemQueries(engine), options.redactErrors ?? false);
  const liveQueries = opened.adopt(createLiveQueries(engine, caller, now), (queries) => queries.close());
  const logs = createLogStream(engine, now);
  const deploy = opened.adopt(createDeployApi(engine, logs), (api) => api.close());
  const sync = createSyncServer({ engine, caller, authenticator, liveQueries, now, onError });
  const routes = [...aboutRoutes(engine), ...functionRoutes(engine, caller), ...deploy.routes];
  const serveSite = createSite(engine, caller, authenticator);

  /** The answer to a request that failed; the operator is told of what is not the caller's fault. */
  function refuse(error: unknown): Response {
    const isAddress = error instanceof RequestError;
    const cause = isAddress ? new EngineError("BadRequest", `This is no address: ${error.message}.`) : error;
    if (!(cause instanceof EngineError) || cause.status >= 500) onError(cause);
    return errorReply(cause);
  }
  const api = createApi(routes, serveSite, authenticator, refuse);
  main.serve(listenerFor((request) => api.fetch(request), refuse));
  main.server.on("upgrade", sync.upgrade);
  site.serve(listenerFor((request) => serveSite(request, ""), refuse));
  dir.announce({ url, siteUrl });

  opened.defer(async () => {
    logs.close();
    await Promise.all([sync.close(DRAIN_MS), main.close(DRAIN_MS), site.close(DRAIN_MS)]);
  });
  const running = opened.move();
  let closing: Promise<void> | undefined;
  return { url, siteUrl, adminKey, engine, close: () => (closing ??= running.disposeAsync()) };
}

/** `handle` for node:http; what it throws is answered by `refuse`. */
function listenerFor(
  handle: (request: Request) => Response | Promise<Response>,
  refuse: (error: unknown) => Response,
): ReturnType<typeof getRequestListener> {
  return getRequestListener(
    async (request, { incoming, outgoing }) => {
      const response = await handle(request);
      // The rest of a body that nobody read must not be taken for the next request.
      if (!incoming.complete && "shouldKeepAlive" in outgoing) outgoing.shouldKeepAlive = false;
      return response;
    },
    // Old clients and health checks may name no host.
    { hostname: "localhost", overrideGlobalObjects: false, errorHandler: refuse },
  );
}

/** What it is; the version is that of the `convex` package whose protocol it speaks. */
function aboutRoutes(engine: Engine): Route[] {
  const about = "This is a Convex deployment, run by embedded-convex.";
  return [
    { at: "GET /", access: "public", handle: () => new Response(about) },
    { at: "GET /version", access: "public", handle: () => new Response(version) },
    { at: "GET /instance_version", access: "public", handle: () => new Response(version) },
    { at: "GET /instance_name", access: "public", handle: () => new Response(engine.options.name) },
  ];
}

/** A listener on all interfaces is reached by the loopback name here. */
function originOf(host: string, port: number): string {
  const name = host === "0.0.0.0" || host === "::" ? "127.0.0.1" : host.includes(":") ? `[${host}]` : host;
  return `http://${name}:${port}`;
}
