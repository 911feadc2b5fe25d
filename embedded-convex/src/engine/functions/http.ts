/** HTTP actions: finds the route in the app's http.ts or a mounted component's, runs it, streams what it answers. */
import type { Identity } from "../types.ts";
import type { CallTree } from "./calls.ts";
import type { Code, ComponentCode } from "./code.ts";
import { LogBuffer } from "./console.ts";
import { describeFailure, rememberCause, type Failure } from "./errors.ts";
import { installGuards } from "./globals.ts";
import { limited, newRequest } from "./invoke.ts";
import type { Router } from "./registered.ts";
import { running, type RequestInfo } from "./run.ts";

interface Place {
  component: ComponentCode;
  /** The path as the component's router sees it. */
  path: string;
}

/** Never rejects: what goes wrong in user code is a 500 that says so. */
export async function runHttpAction(
  tree: CallTree,
  code: Code,
  incoming: Request,
  caller: Identity,
  request: RequestInfo = newRequest({ userAgent: incoming.headers.get("user-agent") }),
): Promise<Response> {
  installGuards();
  const place = placeOf(code, new URL(incoming.url).pathname);
  let router: Router | null;
  try {
    router = (await place?.component.router()) ?? null;
  } catch (error) {
    return serverError(request, describeFailure(error, code.mapPlace));
  }
  if (place === null || router === null)
    return new Response("This Convex deployment does not have HTTP actions enabled.", { status: 404 });
  const match = router.lookup(place.path, incoming.method);
  if (match === null) return new Response("No matching routes found", { status: 404 });
  const { component } = place;
  const run = tree.newRun({
    kind: "httpAction",
    path: { component: component.path, udf: `${match.method} ${match.route}` },
    component,
    code,
    identity: component.path === "" ? caller : { kind: "none" },
    request,
    environment: "isolate",
    tx: null,
    depth: 0,
    log: new LogBuffer(),
    journal: null,
  });
  const ended = tree.startLog(run);
  try {
    const response = await limited(run, () => running.run(run, () => match.action.invoke(at(incoming, place.path))));
    ended(null);
    return response;
  } catch (thrown) {
    const failure = describeFailure(thrown, code.mapPlace);
    ended(failure.message);
    return rememberCause(serverError(request, failure), failure);
  }
}

/** Follows mounts from the app down: the longest prefix wins, and a mount is tried before the app's own routes. */
function placeOf(code: Code, pathname: string, component = ""): Place | null {
  const here = code.components.get(component);
  if (here === undefined || !pathname.startsWith(here.httpPrefix)) return null;
  const inside = pathname.slice(here.httpPrefix.length - 1);
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

function serverError(request: RequestInfo, { message, dataJson }: Failure): Response {
  const code = `[Request ID: ${request.requestId}] Server Error: ${message.split("\n")[0] ?? ""}`;
  const data = dataJson === undefined ? "" : `,"data":${dataJson}`;
  const body = `{"code":${JSON.stringify(code)},"trace":${JSON.stringify(message)}${data}}`;
  return new Response(body, { status: 500, headers: { "content-type": "application/json" } });
}
