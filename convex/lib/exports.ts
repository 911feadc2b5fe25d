import { EXPORT_PAGE_ROWS } from "@oa/contract";
import { dayEnd, dayStart } from "./utcDays.ts";

/** Pages of exports: oldest first, by a cursor, between two days (UTC, both counted). */
export interface ExportPage {
  cursor?: string;
  from?: string;
  to?: string;
}

/** The times an export covers, `end` excluded. Without days: all. */
export function exportRange({ from, to }: Pick<ExportPage, "from" | "to">): { start: number; end: number } {
  return {
    start: from === undefined ? 0 : dayStart(from),
    end: to === undefined ? Number.MAX_SAFE_INTEGER : dayEnd(to),
  };
}

/** Where a page begins and how long it is. */
export function exportPageOf({ cursor }: Pick<ExportPage, "cursor">): { cursor: string | null; numItems: number } {
  return { cursor: cursor ?? null, numItems: EXPORT_PAGE_ROWS };
}
