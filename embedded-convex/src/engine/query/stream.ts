/** Runs a plan: pulls documents from the index one by one, only as many as are asked for. */
import type { Hit, Transaction } from "../transaction/transaction.ts";
import { parseObject, type JsonObject } from "../values/json.ts";
import { passes } from "./filter.ts";
import type { QueryPlan } from "./plan.ts";

export class QueryStream {
  private readonly plan: QueryPlan;
  private readonly pull: () => Hit | null;
  /** What each `limit` operator still lets through, by position. */
  private readonly left: number[];
  /** Key of the last row looked at, passed or not. */
  position: Uint8Array | null = null;
  rowsRead = 0;
  bytesRead = 0;

  constructor(tx: Transaction, plan: QueryPlan) {
    this.plan = plan;
    this.left = plan.operators.map((operator) => (operator.kind === "limit" ? operator.count : Infinity));
    const first = plan.operators[0];
    const expected = first?.kind === "limit" ? Math.max(1, first.count) : Infinity;
    this.pull = plan.range === null ? () => null : tx.walk(plan.range, plan.order, expected);
  }

  /** JSON text of the next document; null at the end. */
  next(): string | null {
    while (!this.left.includes(0)) {
      const row = this.step();
      if (row === null) return null;
      if (row.text !== null) return row.text;
    }
    return null;
  }

  /** Looks at one row: its text when it passes, `text: null` when it does not; null at the end. */
  step(): { key: Uint8Array; text: string | null } | null {
    const hit = this.pull();
    if (hit === null) return null;
    this.position = hit.key;
    this.rowsRead += 1;
    this.bytesRead += hit.text.length;
    return { key: hit.key, text: this.admits(hit.text) ? hit.text : null };
  }

  private admits(text: string): boolean {
    let document: JsonObject | null = null;
    for (const [i, operator] of this.plan.operators.entries()) {
      if (operator.kind === "limit") this.left[i] = (this.left[i] ?? 0) - 1;
      else {
        document ??= parseObject(text);
        if (!passes(operator.expression, document)) return false;
      }
    }
    return true;
  }
}
