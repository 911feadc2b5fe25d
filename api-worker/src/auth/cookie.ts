import { ApiError, SESSION_COOKIE, SESSION_COOKIE_LOOPBACK, SESSION_TTL_MS } from "@oa/contract";
import { getCookie, setCookie } from "hono/cookie";
import type { AppContext } from "../context.ts";
import type { ControlClient } from "../control/client.ts";
import { isLoopback } from "../env.ts";
import { sha256Hex } from "../secretEqual.ts";

interface Signing {
  c: AppContext;
  services: { control: Pick<ControlClient, "endSession"> };
  after: (work: Promise<void>) => void;
}

/** Hash of the session cookie a request carries; null for none, or for one that is not in our form. */
export function sessionHashOf(c: AppContext): string | null {
  const token = getCookie(c, cookieName(c));
  return token !== undefined && /^[A-Za-z0-9_-]{43}$/.test(token) ? sha256Hex(token) : null;
}

/**
 * The new session takes the cookie; the one it held before, if any, ends. Every sign-in makes a new secret, so that a cookie
 * planted before it is worth nothing.
 */
export function replaceSession({ c, services, after }: Signing, token: string): void {
  const before = sessionHashOf(c);
  if (before !== null) after(services.control.endSession(before).catch(() => undefined));
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

/** Name of the cookie that binds a provider's round trip to this browser. */
const TRIP_COOKIE = "__Host-trip";
const TRIP_COOKIE_LOOPBACK = "trip";
/** Seconds a person has at the provider's page. */
const TRIP_TTL_S = 10 * 60;

/** The secret this browser got when it set out to a provider; null for none. */
export function tripSecretOf(c: AppContext): string | null {
  const secret = getCookie(c, isSecure(c) ? TRIP_COOKIE : TRIP_COOKIE_LOOPBACK);
  return secret !== undefined && /^[A-Za-z0-9_-]{43}$/.test(secret) ? secret : null;
}

/** Remembers a round trip in this browser. `Lax`, because the way back is a navigation from the provider's site. */
export function setTripCookie(c: AppContext, secret: string): void {
  const name = isSecure(c) ? TRIP_COOKIE : TRIP_COOKIE_LOOPBACK;
  setCookie(c, name, secret, { httpOnly: true, secure: isSecure(c), sameSite: "Lax", path: "/", maxAge: TRIP_TTL_S });
}

export function clearTripCookie(c: AppContext): void {
  const name = isSecure(c) ? TRIP_COOKIE : TRIP_COOKIE_LOOPBACK;
  setCookie(c, name, "", { httpOnly: true, secure: isSecure(c), sameSite: "Lax", path: "/", maxAge: 0 });
}

function writeCookie(c: AppContext, value: string, maxAge: number): void {
  // `__Host-` binds the cookie to this host, https and path; browsers refuse it over http, so loopback has a plain one.
  const name = cookieName(c);
  setCookie(c, name, value, { httpOnly: true, secure: isSecure(c), sameSite: "Lax", path: "/", maxAge });
}

function cookieName(c: AppContext): string {
  return isSecure(c) ? SESSION_COOKIE : SESSION_COOKIE_LOOPBACK;
}

function isSecure(c: AppContext): boolean {
  return new URL(c.req.url).protocol === "https:";
}
