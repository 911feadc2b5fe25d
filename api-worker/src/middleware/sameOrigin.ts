import { ApiError } from "@oa/contract";
import type { AppContext } from "../context.ts";

/**
 * Keeps other sites from acting with a visitor's cookie. Reads pass; anything else must come from a page of this origin:
 * browsers say so in Sec-Fetch-Site, which a page cannot set; older ones and scripts in Origin. Sign-up and sign-in are
 * guarded too, or a foreign page could sign a visitor in as someone else.
 *
 * @throws ApiError `forbidden`
 */
export function assertSameOrigin(c: AppContext): void {
  if (c.req.method === "GET" || c.req.method === "HEAD") return;
  const site = c.req.header("sec-fetch-site");
  const allowed =
    site === undefined
      ? c.req.header("origin") === new URL(c.req.url).origin
      : site === "same-origin" || site === "none";
  if (!allowed) throw new ApiError("forbidden", "This request must come from a page of this site.");
}
