import { ApiError, SESSION_COOKIE, SESSION_COOKIE_LOOPBACK, SESSION_TTL_MS } from "@oa/contract";
import { getCookie, setCookie } from "hono/cookie";
import type { AppContext } from "../context.ts";
import { isLoopback } from "../env.ts";
import { sha256Hex } from "../secretEqual.ts";

/** A session's secret: the cookie carries `token`, Convex keeps only `hash`. */
export interface SessionSecret {
  token: string;
  hash: string;
}

/** 32 random bytes. Made anew at every sign-in, so that a cookie planted before it is worth nothing. */
export function newSessionSecret(): SessionSecret {
  const token = Buffer.from(crypto.getRandomValues(new Uint8Array(32))).toString("base64url");
  return { token, hash: sha256Hex(token) };
}

/** Hash of the session cookie a request carries; null for none, or for one that is not in our form. */
export function sessionHashOf(c: AppContext): string | null {
  const token = getCookie(c, cookieName(c));
  return token !== undefined && /^[A-Za-z0-9_-]{43}$/.test(token) ? sha256Hex(token) : null;
}

export function setSessionCookie(c: AppContext, token: string): void {
  writeCookie(c, token, SESSION_TTL_MS / 1000);
}

export function clearSessionCookie(c: AppContext): void {
  writeCookie(c, "", 0);
}

/** @throws ApiError `forbidden` where a cookie would travel unencrypted over a network. */
export function assertCookieAllowed(c: AppContext): void {
  const url = new URL(c.req.url);
  if (url.protocol !== "https:" && !isLoopback(url.hostname))
    throw new ApiError("forbidden", "Open this page over https to sign in.");
}

function writeCookie(c: AppContext, value: string, maxAge: number): void {
  // `__Host-` binds the cookie to this host, https and path; browsers refuse it over http, so loopback has a plain one.
  const name = cookieName(c);
  setCookie(c, name, value, { httpOnly: true, secure: name === SESSION_COOKIE, sameSite: "Lax", path: "/", maxAge });
}

function cookieName(c: AppContext): string {
  return new URL(c.req.url).protocol === "https:" ? SESSION_COOKIE : SESSION_COOKIE_LOOPBACK;
}
