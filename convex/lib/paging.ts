import type { PaginationOptions } from "convex/server";

/** Rows a page of a public list may have: bounds what one call reads. */
export const MAX_PAGE_ROWS = 100;

/** A caller's page, held to `MAX_PAGE_ROWS`. */
export function pageOf(options: PaginationOptions): PaginationOptions {
  return { ...options, numItems: Math.max(1, Math.min(options.numItems, MAX_PAGE_ROWS)) };
}
