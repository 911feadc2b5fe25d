import {
  type AuthorizeOp,
  BatchResult,
  CONTROL_PATHS,
  type CreditOp,
  type CreditOpResult,
  type Granted,
  NO_USAGE,
  type Refused,
  type SettleOp,
  type TokenUsage,
} from "@oa/contract";
import type * as z from "zod";
import { internal } from "../_generated/api.js";
import type { Doc } from "../_generated/dataModel.js";
import type { Customer } from "./credits.testing.ts";
import { settle as letJobsRun } from "./credits.testing.ts";

/** Model calls as the Worker makes them, through `/control/credits/batch`. Of gpt-4o: $2.50 and $10 a million tokens. */

/** A hold id that is told apart by its number. */
export function holdId(number: number): string {
  return `hold-${String(number).padStart(16, "0")}`;
}

/** A call of 1,000 tokens that asks for 100,000: $1.0025 at most. */
export function dollarCall(number: number, more: Partial<AuthorizeOp> = {}): AuthorizeOp {
  return {
    op: "authorize",
    hold_id: holdId(number),
    key_id: null,
    secret_hash: null,
    endpoint: "chat",
    model: "gpt-4o",
    input_tokens: 1000,
    max_output_tokens: 100_000,
    choices: 1,
    ttl_ms: 60_000,
    ...more,
  };
}

/** What such a call costs at its full length. */
export const DOLLAR_CALL = 1_002_500;

/** The end of a call that delivered so many tokens. */
export function settleOp(number: number, usage: Partial<TokenUsage>, more: Partial<SettleOp> = {}): SettleOp {
  return {
    op: "settle",
    hold_id: holdId(number),
    usage: { ...NO_USAGE, ...usage },
    usage_source: "upstream",
    outcome: "completed",
    latency_ms: 1200,
    first_byte_ms: 300,
    upstream_cost_usd: null,
    ...more,
  };
}

export async function batch(who: Customer, ops: readonly CreditOp[]): Promise<CreditOpResult[]> {
  const answer = await who.control.ask(BatchResult, CONTROL_PATHS.creditsBatch, { user: who.id, body: { ops } });
  return answer.results;
}

/** One operation alone. */
export async function apply(who: Customer, op: CreditOp): Promise<CreditOpResult> {
  const [result] = await batch(who, [op]);
  if (result === undefined) throw new Error("a batch of one has one result");
  return result;
}

export async function granted(who: Customer, op: AuthorizeOp): Promise<z.infer<typeof Granted>> {
  const result = await apply(who, op);
  if (result.result !== "granted") throw new Error(`not let through: ${JSON.stringify(result)}`);
  return result;
}

export async function refused(who: Customer, op: AuthorizeOp): Promise<z.infer<typeof Refused>> {
  const result = await apply(who, op);
  if (result.result !== "refused") throw new Error(`let through: ${JSON.stringify(result)}`);
  return result;
}

/** Everything there is of a user's money, in the order it was written. */
export async function books(who: Customer) {
  return await who.t.run(async (ctx) => ({
    account: await ctx.db
      .query("credit_accounts")
      .withIndex("by_user_id", (q) => q.eq("user_id", who.id))
      .unique(),
    ledger: await ctx.db
      .query("credit_ledger")
      .withIndex("by_user_id_seq", (q) => q.eq("user_id", who.id))
      .collect(),
    holds: await ctx.db.query("credit_holds").collect(),
    events: await ctx.db.query("usage_events").collect(),
    windows: await ctx.db.query("key_spend_windows").collect(),
  }));
}

/** Ends what is over at a time, as the cron does. */
export async function expireAt(who: Customer, now: number): Promise<void> {
  await who.t.mutation(internal.holds.expire, { now });
  await letJobsRun(who.t);
}

/** One window of a key. */
export async function windowOf(
  who: Customer,
  keyId: string,
  window: string,
): Promise<Pick<Doc<"key_spend_windows">, "posted_microusd" | "held_microusd" | "requests"> | undefined> {
  return (await books(who)).windows.find((row) => row.key_id === keyId && row.window === window);
}
