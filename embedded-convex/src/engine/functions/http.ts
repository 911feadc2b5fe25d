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
import { parseJson } from "../values/json.ts";

/**
 * Never rejects: what goes wrong in user code is a 500 that says so.
 * @param redacted The 500 keeps to itself what went wrong; the log has it.
 */
export async function runHttpAction(
  tree: CallTree,
  code: Code,
  incoming: Request,
  identity: Identity,
  redacted = false,
  request: RequestInfo = newRequest({ userAgent: incoming.headers.get("user-agent") }),
): Promise<Response> {
  installGuards();
  const component = code.components.get("");
  let router: Router | null;
  try {
    router = (await component?.router()) ?? null;
  } catch (error) {
    return serverError(request, describeFailure(error, code.mapPlace), redacted);
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
    return rememberCause(serverError(request, failure, redacted), failure);
  }
}

function serverError(request: RequestInfo, { message, dataJson }: Failure, redacted: boolean): Response {
  const code = `[Request ID: ${request.requestId}] Server Error`;
  const told = redacted ? { code } : { code: `${code}: ${message.split("\n")[0] ?? ""}`, trace: message };
  const data = dataJson === undefined ? {} : { data: parseJson(dataJson) };
  return Response.json({ ...told, ...data }, { status: 500 });
}
