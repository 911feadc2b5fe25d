/** One page of a query: `paginate()` behind the `1.0/queryPage` syscall. */
import { z } from "zod";
import type { KeyRange } from "../types.ts";
import { rangeAfter, type Order } from "../storage/reader.ts";
import type { Transaction } from "../transaction/transaction.ts";
import { successor } from "../values/keys.ts";
import type { CursorCodec, Place } from "./cursor.ts";
import type { QueryPlan } from "./plan.ts";
import { runPlan } from "./stream.ts";

/** Above this share of the transaction's read limits the client is told to split the page. */
const SPLIT_SHARE = 0.75;
const INVALID_CURSOR =
  "InvalidCursor: Tried to run a query starting from a cursor, but it looks like this cursor is from a different query.";

/** What `1.0/queryPage` asks for. */
export const pageArgs = z.object({
  cursor: z.string().nullable(),
  endCursor: z.string().nullish(),
  pageSize: z.number(),
  maximumRowsRead: z.number().nullish(),
  maximumBytesRead: z.number().nullish(),
});

export interface PageRequest extends z.infer<typeof pageArgs> {
  /** Canonical text of the query; a cursor of another query is refused. */
  query: string;
  /** End of this page when it ran before; replaces `endCursor` where none is given. */
  journal: string | null;
}

export interface Page {
  /** JSON texts of the documents. */
  page: string[];
  isDone: boolean;
  continueCursor: string;
  splitCursor: string | null;
  pageStatus: "SplitRecommended" | "SplitRequired" | null;
}

export function paginate(tx: Transaction, plan: QueryPlan, request: PageRequest, cursors: CursorCodec): Page {
  const { query, pageSize, journal, maximumRowsRead, maximumBytesRead } = request;
  const from = placeOf(request.cursor, query, cursors) ?? "start";
  // A journal of other code than today's is no error: the page is simply read anew.
  const until =
    placeOf(request.endCursor ?? null, query, cursors) ?? (journal === null ? null : cursors.open(journal, query));
  const range = plan.range === null ? null : between(plan.range, plan.order, from, until);
  const rows = runPlan(tx, { ...plan, range });
  const page: string[] = [];
  const keys: Uint8Array[] = [];
  let bytesRead = 0;
  let isExhausted = false;
  let isCut = false;
  // A page whose end is known is read to that end, however many rows have come or gone since.
  const wanted = until === null ? pageSize : Infinity;
  while (page.length < wanted && !isCut) {
    const row = rows.next().value;
    isExhausted = row === undefined;
    if (row === undefined) break;
    keys.push(row.key);
    bytesRead += row.text.length;
    if (row.passes) page.push(row.text);
    isCut = keys.length >= (maximumRowsRead ?? Infinity) || bytesRead >= (maximumBytesRead ?? Infinity);
  }
  const end: Place = isExhausted ? (until ?? "end") : (keys.at(-1) ?? from);
  const middle = keys.length >= 2 ? keys[Math.floor((keys.length - 1) / 2)] : undefined;
  return {
    page,
    isDone: end === "end",
    continueCursor: cursors.seal(end, query),
    splitCursor: middle === undefined ? null : cursors.seal(middle, query),
    pageStatus: isCut ? "SplitRequired" : tx.usage.readShare() > SPLIT_SHARE ? "SplitRecommended" : null,
  };
}

function placeOf(cursor: string | null, query: string, cursors: CursorCodec): Place | null {
  if (cursor === null) return null;
  const opened = cursors.open(cursor, query);
  if (opened === null) throw new Error(INVALID_CURSOR);
  return opened;
}

/** The part of a range after `from` and up to and including `until`, in reading order; a place of a cursor is inside it. */
function between(range: KeyRange, order: Order, from: Place, until: Place | null): KeyRange {
  if (from === "end" || until === "start") return { ...range, upper: range.lower };
  const rest = from === "start" ? range : rangeAfter(range, order, from);
  if (until === null || until === "end") return rest;
  return order === "asc" ? { ...rest, upper: successor(until) } : { ...rest, lower: until };
}
