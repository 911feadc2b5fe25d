import { isIP } from "node:net";
import type { Context, MiddlewareHandler } from "hono";
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
    if (!local || !isOwnPageOrNavigation(c)) {
      throw new HTTPException(403, {
        message: `This part of the double of ${standsFor} answers only to the machine it runs on.`,
      });
    }
    await next();
  };
}

/**
 * True for callers that are no browser, for the double's own pages, and where a person follows a link from elsewhere: the
 * page that holds the link cannot read where it leads.
 */
function isOwnPageOrNavigation(c: Context<DoubleEnv>): boolean {
  const site = c.req.header("sec-fetch-site");
  if (site === undefined || site === "none") {
    const origin = c.req.header("origin");
    return origin === undefined || origin === new URL(c.req.url).origin;
  }
  const followed = c.req.header("sec-fetch-mode") === "navigate" && c.req.header("sec-fetch-dest") === "document";
  return site === "same-origin" || (c.req.method === "GET" && followed);
}
