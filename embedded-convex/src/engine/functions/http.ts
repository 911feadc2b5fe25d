/** HTTP actions: finds the route in the app's http.ts, runs it, streams what it answers. */
import type { Identity } from "../types.ts";
import type { CallTree } from "./calls.ts";
import type { Code } from "./code.ts";
import { LogBuffer } from "./console.ts";
import { describeFailure, rememberCause, type Failure } from "./errors.ts";
import { installGuards } from "./globals.ts";
import { limited, newRequest } from "./invoke.ts";
import type { Router } from "./registered.ts";
import { running, type RequestInfo } from "./run.ts";

/** Never rejects: what goes wrong in user code is a 500 that says so. */
export async function runHttpAction(
  tree: CallTree,
  code: Code,
  incoming: Request,
  identity: Identity,
  request: RequestInfo = newRequest({ userAgent: incoming.headers.get("user-agent") }),
): Promise<Response> {
  installGuards();
  const component = code.components.get("");
  let router: Router | null;
  try {
    router = (await component?.router()) ?? null;
  } catch (error) {
    return serverError(request, describeFailure(error, code.mapPlace));
  }
  if (component === undefined || router === null)
    return new Response("This Convex deployment does not have HTTP actions enabled.", { status: 404 });
  const match = router.lookup(new URL(incoming.url).pathname, incoming.method);
  if (match === null) return new Response("No matching routes found", { status: 404 });
  const run = tree.newRun({
    kind: "httpAction",
    path: { component: "", udf: `${match.method} ${match.route}` },
    component,
    code,
    identity,
    request,
    environment: "isolate",
    tx: null,
    depth: 0,
    log: new LogBuffer(),
    journal: null,
  });
  const ended = tree.startLog(run);
  try {
    const response = await limited(run, () => running.run(run, () => match.action(incoming)));
    ended(null);
    return response;
  } catch (thrown) {
    const failure = describeFailure(thrown, code.mapPlace);
    ended(failure.message);
    return rememberCause(serverError(request, failure), failure);
  }
}

function serverError(request: RequestInfo, { message, dataJson }: Failure): Response {
  const code = `[Request ID: ${request.requestId}] Server Error: ${message.split("\n")[0] ?? ""}`;
  const data = dataJson === undefined ? "" : `,"data":${dataJson}`;
  const body = `{"code":${JSON.stringify(code)},"trace":${JSON.stringify(message)}${data}}`;
  return new Response(body, { status: 500, headers: { "content-type": "application/json" } });
}
