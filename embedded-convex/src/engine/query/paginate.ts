/** One page of a query: `paginate()` behind the `1.0/queryPage` syscall. */
import type { Transaction } from "../transaction/transaction.ts";
import { compareKeys, successor } from "../values/keys.ts";
import type { CursorCodec, Place } from "./cursor.ts";
import type { QueryPlan } from "./plan.ts";
import { QueryStream } from "./stream.ts";

/** Above this share of the transaction's read limits the client is told to split the page. */
const SPLIT_SHARE = 0.75;
const INVALID_CURSOR =
  "InvalidCursor: Tried to run a query starting from a cursor, but it looks like this cursor is from a different query.";

export interface PageRequest {
  /** Canonical text of the query; a cursor of another query is refused. */
  query: string;
  cursor: string | null;
  endCursor: string | null;
  /** End of this page when it ran before; replaces `endCursor` where none is given. */
  journal: string | null;
  pageSize: number;
  maximumRowsRead: number;
  maximumBytesRead: number;
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
  const from = place(request.cursor, request.query, cursors) ?? "start";
  const until = place(request.endCursor, request.query, cursors) ?? journalEnd(request, cursors);
  const stream = new QueryStream(tx, startingAt(plan, from, until));
  const page: string[] = [];
  const keys: Uint8Array[] = [];
  let stop: "exhausted" | "full" | "limit" = "full";
  // A page whose end is known is read to that end, however many rows have come or gone since.
  const wanted = until === null ? request.pageSize : Infinity;
  while (page.length < wanted) {
    const row = from === "end" ? null : stream.step();
    if (row === null) {
      stop = "exhausted";
      break;
    }
    keys.push(row.key);
    if (row.text !== null) page.push(row.text);
    if (stream.rowsRead >= request.maximumRowsRead || stream.bytesRead >= request.maximumBytesRead) {
      stop = "limit";
      break;
    }
  }
  const end: Place = stop === "exhausted" ? (until ?? "end") : (stream.position ?? from);
  const middle = keys.length >= 2 ? keys[Math.floor((keys.length - 1) / 2)] : undefined;
  return {
    page,
    isDone: end === "end",
    continueCursor: cursors.seal(end, request.query),
    splitCursor: middle === undefined ? null : cursors.seal(middle, request.query),
    pageStatus: stop === "limit" ? "SplitRequired" : tx.usage.readShare() > SPLIT_SHARE ? "SplitRecommended" : null,
  };
}

function place(cursor: string | null, query: string, cursors: CursorCodec): Place | null {
  if (cursor === null) return null;
  const opened = cursors.open(cursor, query);
  if (opened === null) throw new Error(INVALID_CURSOR);
  return opened;
}

/** A journal of other code than today's is no error: the page is simply read anew. */
function journalEnd(request: PageRequest, cursors: CursorCodec): Place | null {
  return request.journal === null ? null : cursors.open(request.journal, request.query);
}

/** The part of the plan's range after `from` and up to and including `until`, in reading order. */
function startingAt(plan: QueryPlan, from: Place, until: Place | null): QueryPlan {
  if (plan.range === null) return plan;
  let { lower, upper } = plan.range;
  const bounded = (place: Place | null): place is Uint8Array => place instanceof Uint8Array;
  if (plan.order === "asc") {
    if (bounded(from)) lower = later(lower, successor(from));
    if (bounded(until)) upper = earlier(upper, successor(until));
  } else {
    if (bounded(from)) upper = earlier(upper, from);
    if (bounded(until)) lower = later(lower, until);
  }
  if (until === "start") upper = lower;
  return { ...plan, range: { ...plan.range, lower, upper } };
}

function later(a: Uint8Array, b: Uint8Array): Uint8Array {
  return compareKeys(a, b) >= 0 ? a : b;
}

function earlier(a: Uint8Array, b: Uint8Array): Uint8Array {
  return compareKeys(a, b) <= 0 ? a : b;
}
