import { randomUUID } from "node:crypto";
import { type IncomingMessage, type Server, createServer } from "node:http";
import { getRequestListener } from "@hono/node-server";
import { ApiError, InstanceId, REQUEST_ID_HEADER, errorBody } from "@oa/contract";
import { serviceTokenRefused } from "../src/serviceToken.ts";
import { type HostUrls, gatewayPlace, instanceOfHost } from "./context.ts";
import type { Fleet } from "./fleet.ts";
import { createFleetApi } from "./fleetApi.ts";
import { type ForwardTarget, GatewayForward, refuseHttp, refuseSocket } from "./forward/gatewayForward.ts";
import type { TrustedProxies } from "./forward/clientAddress.ts";

/** A client that dawdles with its headers or body is cut off after these times. */
const HEADERS_TIMEOUT_MS = 15_000;
const REQUEST_TIMEOUT_MS = 60_000;
/** A connection that is silent for so long is asked whether there is still somebody. */
const KEEPALIVE_PROBE_MS = 60_000;

export interface HostServerOptions {
  fleet: Fleet;
  fleetKey: string;
  urls: HostUrls;
  trusted: TrustedProxies;
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

/** The instance whose gateway a request is for, and the path it asks; null when it is for something else. */
function gatewayRequest(urls: HostUrls, request: IncomingMessage): { id: string; path: string } | null {
  const byHost = instanceOfHost(urls, request.headers.host);
  const url = URL.parse(request.url ?? "/", "http://host.invalid");
  if (byHost !== null) return url === null ? null : { id: byHost, path: url.pathname + url.search };
  const at = urls.gatewayDomain === undefined ? instancePath(request.url) : null;
  return at !== null && (at.rest === "/gateway" || at.rest.startsWith("/gateway/")) ? at : null;
}

/**
 * The one listener of this host:
 *
 *   /healthz               is the host alive
 *   /fleet/instances/:id   the control plane, with the fleet key
 *   /i/:id/v1/*            one instance's service API, with its service token
 *   /i/:id/gateway[/*]     one instance's gateway, for devices and browsers
 *
 * With a gateway domain the last one is `<id>.<domain>` instead, with every path; nothing else is served there.
 */
export function createHostServer(options: HostServerOptions): HostServer {
  const { fleet, urls } = options;
  const forward = new GatewayForward(options.trusted);
  const fleetApi = createFleetApi(fleet, options.fleetKey, options.report);

  const api = getRequestListener(async (request) => {
    const url = new URL(request.url);
    if (url.pathname === "/healthz") return Response.json({ ok: true, data: { version: options.version } });
    if (url.pathname.startsWith("/fleet/")) return fleetApi.fetch(request);
    const path = instancePath(url.pathname + url.search);
    if (path === null || !path.rest.startsWith("/v1/")) return refusal(nothingHere());
    const instance = fleet.get(path.id);
    // A stranger does not learn which instances exist.
    if (instance === undefined) return refusal(serviceTokenRefused());
    url.pathname = path.rest;
    return instance.app.fetch(new Request(url, request));
  });

  const target = (wanted: { id: string; path: string }): ForwardTarget | null => {
    const instance = fleet.get(wanted.id);
    if (instance === undefined) return null;
    const publicUrl = new URL(gatewayPlace(urls, instance.id).origins[0]);
    return { id: instance.id, port: instance.listeningPort(), path: wanted.path, publicUrl };
  };
  // A device that is switched off says nothing: the kernel asks, so that its WebSocket does not hold a place for ever.
  const keepAlive = { keepAlive: true, keepAliveInitialDelay: KEEPALIVE_PROBE_MS };
  const timeouts = { headersTimeout: HEADERS_TIMEOUT_MS, requestTimeout: REQUEST_TIMEOUT_MS, ...keepAlive };
  const server = createServer(timeouts, (request, response) => {
    const wanted = gatewayRequest(urls, request);
    if (wanted === null) {
      void api(request, response);
      return;
    }
    const to = target(wanted);
    if (to === null) refuseHttp(response, nothingHere());
    else forward.http(request, response, to);
  });
  server.on("upgrade", (request, socket, head) => {
    socket.on("error", () => socket.destroy());
    const wanted = gatewayRequest(urls, request);
    const to = wanted === null ? null : target(wanted);
    if (to === null) refuseSocket(socket, 404);
    else forward.upgrade(request, socket, head, to);
  });

  return { server, closeForwarded: () => forward.close() };
}

function nothingHere(): ApiError {
  return new ApiError("not_found", "There is nothing here.");
}

function refusal(error: ApiError): Response {
  // The headers that an instance's own refusal has: by what is missing a stranger could tell which ids exist.
  const headers = { "cache-control": "no-store", [REQUEST_ID_HEADER]: randomUUID() };
  return Response.json(errorBody(error), { status: error.status, headers });
}
