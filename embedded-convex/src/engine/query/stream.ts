/** Runs a plan: looks at rows of the index one by one, only as many as are asked for. */
import type { Hit, Transaction } from "../transaction/transaction.ts";
import { parseObject, type JsonObject } from "../values/json.ts";
import { passes } from "./filter.ts";
import type { Operator, QueryPlan } from "./plan.ts";

/** A row that was looked at, and whether it is part of the result. */
export interface SeenRow extends Hit {
  readonly passes: boolean;
}

export function* runPlan(tx: Transaction, { range, order, operators }: QueryPlan): Generator<SeenRow, undefined> {
  /** What each `limit` operator still lets through, by position. */
  const left = operators.map((operator) => (operator.kind === "limit" ? operator.count : Infinity));
  if (range === null || left.includes(0)) return;
  const first = operators[0];
  const expectedRows = first?.kind === "limit" ? first.count : Infinity;
  for (const { key, text } of tx.walk(range, order, expectedRows)) {
    yield { key, text, passes: admits(operators, left, text) };
    if (left.includes(0)) return;
  }
}

function admits(operators: readonly Operator[], left: number[], text: string): boolean {
  let document: JsonObject | null = null;
  for (const [i, operator] of operators.entries()) {
    if (operator.kind === "limit") left[i] = (left[i] ?? 0) - 1;
    else {
      document ??= parseObject(text);
      if (!passes(operator.expression, document)) return false;
    }
  }
  return true;
}
