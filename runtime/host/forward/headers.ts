import type { IncomingMessage } from "node:http";
import { type TrustedProxies, clientAddress, toldClientAddress } from "./clientAddress.ts";

/** Not passed on: they belong to one connection, or say who the client is and are ours to say. */
const DROPPED =
  /^(?:connection|keep-alive|proxy-.*|te|trailer|transfer-encoding|upgrade|host|forwarded|x-forwarded-.*|x-real-ip|x-client-ip|true-client-ip|cf-.*|fly-.*|tailscale-.*|x-oa-.*|x-openagents-.*|x-openclaw-.*)$/i;

/**
 * The headers a gateway gets: the client's own, without what could pass for a proxy's word, and with ours. The gateway
 * believes the forwarding headers of this host (`gateway.trustedProxies`), so a client must never be able to write them.
 * `Origin` is passed on as it came: the gateway checks it against its allow-list.
 */
export function forwardedHeaders(
  request: IncomingMessage,
  publicUrl: URL,
  trusted: TrustedProxies,
): [string, string][] {
  const out: [string, string][] = [];
  const raw = request.rawHeaders;
  const ofConnection = new Set(
    (request.headers.connection ?? "")
      .toLowerCase()
      .split(",")
      .map((name) => name.trim()),
  );
  // A declared length is how the body is told from the next request: that is ours to say, not a client's to take away.
  ofConnection.delete("content-length");
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const name = raw[i] ?? "";
    const value = raw[i + 1] ?? "";
    if (!DROPPED.test(name) && !ofConnection.has(name.toLowerCase())) out.push([name, value]);
  }
  const forwardedFor = request.headersDistinct["x-forwarded-for"]?.join(",");
  const client = clientAddress(request.socket.remoteAddress ?? "", forwardedFor, trusted);
  const { host, protocol } = publicUrl;
  out.push(["host", host]);
  out.push(["x-forwarded-for", toldClientAddress(client)]);
  out.push(["x-forwarded-proto", protocol.replace(":", "")]);
  out.push(["x-forwarded-host", host]);
  return out;
}
