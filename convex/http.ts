import { CONTROL_PATHS } from "@oa/contract";
import { httpRouter, ROUTABLE_HTTP_METHODS } from "convex/server";
import { controlAction, unknownControlPath } from "./http/gate.ts";
import { CONTROL_ROUTES } from "./http/routes.ts";

/**
 * The HTTP side of this deployment: `/control/*`, and nothing else. Every method of every path goes through the gate, so
 * that a wrong method is answered in the envelope, and only to holders of the key.
 */
const http = httpRouter();

for (const [path, methods] of pathsWithHandlers()) {
  const handler = controlAction(methods);
  for (const method of ROUTABLE_HTTP_METHODS) http.route({ path, method, handler });
}
for (const method of ROUTABLE_HTTP_METHODS) {
  http.route({ pathPrefix: "/control/", method, handler: unknownControlPath });
}

function pathsWithHandlers() {
  const paths = new Map(Object.entries(CONTROL_PATHS));
  return Object.entries(CONTROL_ROUTES).map(([name, methods]) => [paths.get(name) ?? "", methods] as const);
}

export default http;
