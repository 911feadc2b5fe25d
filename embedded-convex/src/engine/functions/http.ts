/** HTTP actions: finds the route in the app's http.ts or a mounted component's, runs it, streams what it answers. */
import type { Identity } from "../types.ts";
import type { Code, ComponentCode } from "./code.ts";
import type { Core } from "./core.ts";
import { describeFailure, rememberCause } from "./errors.ts";
import { installGuards } from "./globals.ts";
import { limited, newRequest } from "./invoke.ts";
import type { Router } from "./registered.ts";
import type { Runner } from "./runner.ts";
import { running, type RequestInfo, type Run } from "./run.ts";

interface Place {
  component: ComponentCode;
  /** The path as the component's router sees it. */
  path: string;
}

/** Never rejects: what goes wrong in user code is a 500 that says so. */
export async function runHttpAction(
  core: Core,
  runner: Runner,
  request: Request,
  identity: Identity,
  known?: RequestInfo,
): Promise<Response> {
  installGuards();
  const { code } = core;
  const place = placeOf(code, new URL(request.url).pathname);
  const info = known ?? newRequest({ userAgent: request.headers.get("user-agent") });
  let router: Router | null;
  try {
    router = (await place?.component.router()) ?? null;
  } catch (error) {
    return serverError(info, describeFailure(error, code.mapPlace).message);
  }
  if (place === null || router === null) {
    return new Response("This Convex deployment does not have HTTP actions enabled.", { status: 404 });
  }
  const match = router.lookup(place.path, request.method);
  if (match === null) return new Response("No matching routes found", { status: 404 });
  const run = runner.httpRun(
    place.component,
    place.component.path === "" ? identity : { kind: "none" },
    info,
    `${match.method} ${match.route}`,
  );
  const started = performance.now();
  let error: string | null = null;
  let response: Response;
  try {
    response = await limited(run, () => running.run(run, () => match.action.invoke(at(request, place.path))));
  } catch (thrown) {
    const failure = describeFailure(thrown, code.mapPlace);
    error = failure.message;
    response = rememberCause(serverError(info, failure.message, failure.dataJson), failure);
  }
  logged(core, run, started, error);
  return response;
}

function logged(core: Core, run: Run, started: number, error: string | null): void {
  core.log({
    atMs: core.now(),
    requestId: run.request.requestId,
    kind: "httpAction",
    path: run.path,
    logLines: run.log.lines,
    error,
    executionMs: performance.now() - started,
  });
}

/** Follows mounts from the app down: the longest prefix wins, and a mount is tried before the app's own routes. */
function placeOf(code: Code, pathname: string, component = ""): Place | null {
  const here = code.components.get(component);
  if (here === undefined) return null;
  const prefix = here.httpPrefix;
  if (!pathname.startsWith(prefix)) return null;
  const inside = pathname.slice(prefix.length - 1);
  const mounts = [...here.httpMounts]
    .filter(([mount]) => inside.startsWith(mount))
    .sort(([a], [b]) => b.length - a.length);
  for (const [mount, child] of mounts) {
    const place = placeOf(code, inside.slice(mount.length - 1), child);
    if (place !== null) return place;
  }
  return { component: here, path: inside };
}

/** The request as a mounted component sees it: with its own part of the path. */
function at(request: Request, path: string): Request {
  const url = new URL(request.url);
  if (url.pathname === path) return request;
  url.pathname = path;
  return new Request(url, request);
}

function serverError(request: RequestInfo, message: string, dataJson?: string): Response {
  const code = `[Request ID: ${request.requestId}] Server Error: ${message.split("\n")[0] ?? ""}`;
  const data = dataJson === undefined ? "" : `,"data":${dataJson}`;
  return new Response(`{"code":${JSON.stringify(code)},"trace":${JSON.stringify(message)}${data}}`, {
    status: 500,
    headers: { "content-type": "application/json" },
  });
}
