/** Mutations clients send again after a lost connection: the stored answer, written with the mutation itself. */
import type { MutationOutcome, SessionRequest, UdfResult } from "../types.ts";
import { textOf, type Connection } from "../storage/connection.ts";
import { parseJson } from "../values/json.ts";

/** A mutation's success: only those are kept, because of a failure nothing was committed. */
export type Success = Extract<UdfResult, { ok: true }>;

/** As long as Convex keeps them. */
const KEEP_MS = 14 * 24 * 60 * 60 * 1000;

export function findSession(db: Connection, session: SessionRequest): MutationOutcome | null {
  const row = db.get(
    "SELECT ts, result, log_lines FROM session_requests WHERE session = ? AND request = ?",
    session.sessionId,
    session.requestId,
  );
  if (row === undefined) return null;
  const lines = parseJson(textOf(row, "log_lines"));
  return {
    result: { ok: true, valueJson: textOf(row, "result"), logLines: Array.isArray(lines) ? lines.map(String) : [] },
    ts: BigInt(textOf(row, "ts")),
  };
}

export function saveSession(db: Connection, session: SessionRequest, result: Success, ts: bigint, nowMs: number): void {
  db.run(
    "INSERT INTO session_requests (session, request, ts, result, log_lines, at_ms) VALUES (?, ?, ?, ?, ?, ?)",
    session.sessionId,
    session.requestId,
    String(ts),
    result.valueJson,
    JSON.stringify(result.logLines),
    nowMs,
  );
}

export function forgetOldSessions(db: Connection, nowMs: number): void {
  db.run("DELETE FROM session_requests WHERE at_ms < ?", nowMs - KEEP_MS);
}
