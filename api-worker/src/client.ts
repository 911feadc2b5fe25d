import type { ClientInfo } from "@oa/contract";
import * as z from "zod";
import type { AppContext } from "./context.ts";
import { isLoopback } from "./env.ts";

/** What Cloudflare knows of where a request came from. */
const Cf = z.object({ city: z.string().max(80).optional(), country: z.string().max(8).optional() });

/** The address as Cloudflare saw it; never what the client says of itself. */
export function ipOf(c: AppContext): string | null {
  return c.req.header("cf-connecting-ip") ?? null;
}

/** Where a request came from, for the security page. */
export function clientOf(c: AppContext): ClientInfo {
  return { ip: ipOf(c), user_agent: c.req.header("user-agent")?.slice(0, 400) ?? null, place: placeOf(c) };
}

/** Null on this machine: the development server names a place for every request, and none of them is true. */
function placeOf(c: AppContext): string | null {
  const ip = ipOf(c);
  if (ip === null || isLoopback(ip.includes(":") ? `[${ip}]` : ip)) return null;
  const cf = Cf.safeParse(Reflect.get(c.req.raw, "cf"));
  if (!cf.success) return null;
  const parts = [cf.data.city, cf.data.country].filter((part) => part !== undefined);
  return parts.length === 0 ? null : parts.join(", ");
}
