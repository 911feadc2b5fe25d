import { isIP } from "node:net";
import type { MiddlewareHandler } from "hono";
import { HTTPException } from "hono/http-exception";
import type { DoubleEnv } from "./env.ts";

/** True for 127.0.0.0/8, ::1 and the IPv4-mapped form of the former. */
export function isLoopbackAddress(address: string | undefined): boolean {
  if (address === undefined) return false;
  const plain = address.startsWith("::ffff:") ? address.slice("::ffff:".length) : address;
  return plain === "::1" || (isIP(plain) === 4 && plain.startsWith("127."));
}

/** True when a `Host` header names this machine: a rebound foreign name does not. */
export function isLoopbackHost(host: string | undefined): boolean {
  if (host === undefined) return false;
  const name = host.replace(/:\d+$/, "").toLowerCase();
  return name === "localhost" || name.endsWith(".localhost") || name === "[::1]" || isLoopbackAddress(name);
}

/** Headers a tunnel or proxy adds: with one of them the caller is not this machine, whatever the socket says. */
const FORWARDED = ["forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip", "cf-connecting-ip"];

/**
 * Lets a request pass only when it comes from this machine, by a name of this machine, and not from a page of another
 * site: control endpoints and kept mail (reset links) are for the person who runs the double. Else 403.
 */
export function loopbackOnly(standsFor: string): MiddlewareHandler<DoubleEnv> {
  return async (c, next) => {
    const local =
      isLoopbackAddress(c.env.incoming.socket.remoteAddress) &&
      isLoopbackHost(c.req.header("host")) &&
      FORWARDED.every((name) => c.req.header(name) === undefined);
    const site = c.req.header("sec-fetch-site");
    const origin = c.req.header("origin");
    const ownPage =
      (site === undefined || site === "same-origin" || site === "none") &&
      (origin === undefined || origin === new URL(c.req.url).origin);
    if (!local || !ownPage) {
      throw new HTTPException(403, {
        message: `This part of the double of ${standsFor} answers only to the machine it runs on.`,
      });
    }
    await next();
  };
}
