import { type IncomingMessage, type Server, type ServerResponse, createServer } from "node:http";
import { getRequestListener } from "@hono/node-server";
import { ApiError, InstanceId, errorBody } from "@oa/contract";
import { serviceTokenRefused } from "../src/serviceToken.ts";
import type { Fleet } from "./fleet.ts";
import { createFleetApi } from "./fleetApi.ts";
import { GatewayForward, refuseHttp, refuseSocket } from "./forward/gatewayForward.ts";
import type { ForwardOrigin } from "./forward/headers.ts";

/** A client that dawdles with its headers or body is cut off after these times. */
const HEADERS_TIMEOUT_MS = 15_000;
const REQUEST_TIMEOUT_MS = 60_000;

export interface HostServerOptions {
  fleet: Fleet;
  fleetKey: string;
  origin: ForwardOrigin;
  /** Answered by `/healthz`. */
  version: string;
  report: (error: unknown) => void;
}

export interface HostServer {
  server: Server;
  /** Closes every connection a gateway is reached through. */
  closeForwarded: () => void;
}

interface InstancePath {
  id: string;
  /** What follows `/i/<id>`. */
  rest: string;
  /** The whole path with its query, normalised. */
  path: string;
}

/**
 * `/i/<id>/…` of a request target; null for every other one. Normalised first, as the gateway would: `/i/x/gateway/../v1`
 * is not a path of the gateway.
 */
function instancePath(target: string | undefined): InstancePath | null {
  const url = URL.parse(target ?? "/", "http://host.invalid");
  const match = /^\/i\/([^/]+)(\/.*)?$/.exec(url?.pathname ?? "");
  const id = InstanceId.safeParse(match?.[1]);
  if (url === null || match === null || !id.success || url.host !== "host.invalid") return null;
  return { id: id.data, rest: match[2] ?? "/", path: url.pathname + url.search };
}

function isGatewayPath({ rest }: InstancePath): boolean {
  return rest === "/gateway" || rest.startsWith("/gateway/");
}

/**
 * The one listener of this host:
 *
 *   /healthz               is the host alive
 *   /fleet/instances/:id   the control plane, with the fleet key
 *   /i/:id/v1/*            one instance's service API, with its service token
 *   /i/:id/gateway[/*]     one instance's gateway, for devices and browsers
 */
export function createHostServer(options: HostServerOptions): HostServer {
  const { fleet, origin } = options;
  const forward = new GatewayForward(origin);
  const fleetApi = createFleetApi(fleet, options.fleetKey, options.report);

  const api = getRequestListener(async (request) => {
    const url = new URL(request.url);
    if (url.pathname === "/healthz") return Response.json({ ok: true, data: { version: options.version } });
    if (url.pathname.startsWith("/fleet/")) return fleetApi.fetch(request);
    const path = instancePath(url.pathname + url.search);
    if (path === null || !path.rest.startsWith("/v1/"))
      return refusal(new ApiError("not_found", "There is nothing here."));
    const instance = fleet.get(path.id);
    // A stranger does not learn which instances exist.
    if (instance === undefined) return refusal(serviceTokenRefused());
    url.pathname = path.rest;
    return instance.app.fetch(new Request(url, request));
  });

  const toGateway = (path: InstancePath, request: IncomingMessage, response: ServerResponse): void => {
    const instance = fleet.get(path.id);
    if (instance === undefined) refuseHttp(response, new ApiError("not_found", "There is nothing here."));
    else forward.http(request, response, { ...path, port: instance.listeningPort() });
  };
  const timeouts = { headersTimeout: HEADERS_TIMEOUT_MS, requestTimeout: REQUEST_TIMEOUT_MS };
  const server = createServer(timeouts, (request, response) => {
    const path = instancePath(request.url);
    if (path !== null && isGatewayPath(path)) toGateway(path, request, response);
    else void api(request, response);
  });
  server.on("upgrade", (request, socket, head) => {
    socket.on("error", () => socket.destroy());
    const path = instancePath(request.url);
    const instance = path === null || !isGatewayPath(path) ? undefined : fleet.get(path.id);
    if (path === null || instance === undefined) refuseSocket(socket, 404);
    else forward.upgrade(request, socket, head, { ...path, port: instance.listeningPort() });
  });

  return { server, closeForwarded: () => forward.close() };
}

function refusal(error: ApiError): Response {
  return Response.json(errorBody(error), { status: error.status, headers: { "cache-control": "no-store" } });
}
