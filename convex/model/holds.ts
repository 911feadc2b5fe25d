import type { AuthorizeOp, AuthorizeResult, Closed, SettleOp, VoidOp } from "@oa/contract";
import { costOf, microUsd, NO_USAGE, type TokenUsage } from "@oa/contract";
import type * as z from "zod";
import type { Doc } from "../_generated/dataModel.js";
import type { MutationCtx, QueryCtx } from "../_generated/server.js";
import { accountRefusal, expiryCost, expiryUsage, planHold, refusal } from "../lib/holdRules.ts";
import { availableOf } from "../lib/ledgerRules.ts";
import { priceOf } from "../lib/prices/prices.ts";
import { windowsAt } from "../lib/spendWindows.ts";
import { dayOf } from "../lib/utcDays.ts";
import { forgo, isForgone } from "./forgoneHolds.ts";
import { moveWindows, openWindows } from "./keyWindows.ts";
import { type OpenAccount, post } from "./ledger.ts";
import { type AttemptMeter, takeAttempt } from "./limits.ts";
import { budgetOf, noteUse, spendingKey } from "./provisionedKeys.ts";
import { correctUsage } from "./usageDaily.ts";

/**
 * Holds: what is set aside for a model call, from before the upstream is asked until it is known what the call cost. The only
 * writer of `credit_holds`; every change of one moves the account in hand, the key's windows and the ledger in the same mutation.
 *
 * open -> settled | voided | expired, once. A settlement that comes after the end changes what was charged (`usage_correction`), not the
 * state, and does so once.
 */

type HoldRow = Doc<"credit_holds">;

/** The hold of this id; null where nobody took one. */
export async function holdById(ctx: QueryCtx, holdId: string): Promise<HoldRow | null> {
  return await ctx.db
    .query("credit_holds")
    .withIndex("by_hold_id", (q) => q.eq("hold_id", holdId))
    .unique();
}

/** Takes a hold, or says why not. A refusal has written nothing. */
export async function authorize(
  ctx: MutationCtx,
  account: OpenAccount,
  meter: AttemptMeter,
  op: AuthorizeOp,
): Promise<AuthorizeResult> {
  const before = await holdById(ctx, op.hold_id);
  if (before !== null) return replayed(before, account, op);
  const { userId, now } = account;
  const available = availableOf(account.totals);
  if (await isForgone(ctx, op.hold_id)) {
    return refusal("conflict", "That hold was given up before it was taken.", available);
  }
  const price = priceOf(op.model);
  if (price === null) {
    const message = `There is no model "${op.model}" here. GET /v1/models lists those there are.`;
    return refusal("model_not_found", message, available);
  }
  const key =
    op.key_id === null ? null : await spendingKey(ctx, { userId, keyId: op.key_id, secretHash: op.secret_hash, now });
  if (key !== null && "code" in key) return refusal(key.code, key.message, available);
  const shut = accountRefusal(fundsOf(account));
  if (shut !== null) return shut;
  const plan = planHold(op, price, available, key === null ? null : await budgetOf(ctx, key, now));
  if ("result" in plan) return plan;
  const rate = await takeAttempt(ctx, meter, [
    { name: "inference_user", key: userId },
    ...(key === null ? [] : [{ name: "inference_key" as const, key: key.key_id }]),
  ]);
  if (!rate.allowed) {
    const message = "Too many calls within a minute. Wait for a moment and call again.";
    return refusal("rate_limited", message, available, { limit_source: "rate", retry_after_ms: rate.retry_after_ms });
  }

  const windows = key === null ? [] : windowsAt(now);
  const hold = {
    hold_id: op.hold_id,
    user_id: userId,
    key_id: op.key_id,
    windows: windows.map(({ id }) => id),
    endpoint: op.endpoint,
    model: op.model,
    price,
    input_tokens: op.input_tokens,
    max_output_tokens: plan.max_output_tokens,
    choices: op.choices,
    amount_microusd: plan.amount_microusd,
    state: "open" as const,
    progress_tokens: 0,
    expires_at: now + op.ttl_ms,
    created_at: now,
  };
  await ctx.db.insert("credit_holds", hold);
  account.totals = {
    ...account.totals,
    held_microusd: account.totals.held_microusd + hold.amount_microusd,
    open_holds: account.totals.open_holds + 1,
  };
  if (key !== null) {
    await openWindows(ctx, key.key_id, windows);
    await moveWindows(ctx, key.key_id, hold.windows, { held: hold.amount_microusd });
    await noteUse(ctx, key, now);
  }
  return grantedOf(hold, account);
}

function fundsOf({ totals }: OpenAccount) {
  const rows = totals.rows_by_kind ?? {};
  return {
    available: availableOf(totals),
    openHolds: totals.open_holds,
    status: totals.status,
    paid: (rows["topup"] ?? 0) + (rows["auto_topup"] ?? 0) > 0,
  };
}

/** A lost answer is asked again: the same hold, unless it is of something else, or over. */
function replayed(hold: HoldRow, account: OpenAccount, op: AuthorizeOp): AuthorizeResult {
  const same =
    hold.user_id === account.userId &&
    hold.key_id === op.key_id &&
    hold.model === op.model &&
    hold.endpoint === op.endpoint &&
    hold.state === "open";
  if (same) return grantedOf(hold, account);
  return refusal("conflict", "That hold is of another call, or is over.", availableOf(account.totals));
}

function grantedOf(
  hold: Pick<HoldRow, "hold_id" | "amount_microusd" | "max_output_tokens" | "price" | "expires_at">,
  account: OpenAccount,
): AuthorizeResult {
  return {
    result: "granted",
    hold_id: hold.hold_id,
    amount_microusd: microUsd(hold.amount_microusd),
    max_output_tokens: hold.max_output_tokens,
    price: hold.price,
    available_microusd: microUsd(availableOf(account.totals)),
    expires_at: hold.expires_at,
  };
}

/** What is written down of a call besides its cost. */
type CallFacts = Pick<z.infer<typeof SettleOp>, "usage" | "usage_source"> & {
  outcome: Doc<"usage_events">["outcome"];
  latency_ms: number | null;
  first_byte_ms: number | null;
  upstream_cost_usd: number | null;
};

/** Charges a call. In full, also beyond its hold: what was delivered was delivered. */
export async function settle(ctx: MutationCtx, account: OpenAccount, op: SettleOp): Promise<Closed> {
  const hold = await ownHold(ctx, account, op.hold_id);
  if (hold === null) return closed("unknown_hold", 0, account);
  const cost = costOf(hold.price, op.usage);
  if (hold.state === "open") {
    await close(ctx, account, hold, { state: "settled", cost, call: op });
    return closed("settled", cost, account);
  }
  return await closeAgain(ctx, account, hold, cost, op);
}

/** Ends a hold of a call that delivered nothing. One that was never taken never will be. */
export async function voidHold(ctx: MutationCtx, account: OpenAccount, op: z.infer<typeof VoidOp>): Promise<Closed> {
  const hold = await ownHold(ctx, account, op.hold_id);
  if (hold === null) {
    await forgo(ctx, op.hold_id, account.now);
    return closed("unknown_hold", 0, account);
  }
  if (hold.state === "open") {
    await close(ctx, account, hold, { state: "voided", cost: 0, call: null, reason: op.reason });
    return closed("voided", 0, account);
  }
  // Nobody told in time, and the expiry charged the prompt: nothing was delivered, so that is given back.
  const answered = hold.state !== "expired" || hold.corrected_at !== undefined;
  if (answered) return closed(hold.state === "voided" ? "voided" : "settled", hold.settled_microusd ?? 0, account);
  return await closeAgain(ctx, account, hold, 0, {
    usage: NO_USAGE,
    usage_source: "upstream",
    outcome: "upstream_error",
    latency_ms: null,
    first_byte_ms: null,
    upstream_cost_usd: null,
  });
}

/** Notes what a long stream has delivered so far. */
export async function progress(
  ctx: MutationCtx,
  account: OpenAccount,
  op: { hold_id: string; output_tokens: number },
): Promise<Closed> {
  const hold = await ownHold(ctx, account, op.hold_id);
  if (hold === null) return closed("unknown_hold", 0, account);
  if (hold.state === "open" && op.output_tokens > hold.progress_tokens) {
    await ctx.db.patch("credit_holds", hold._id, { progress_tokens: op.output_tokens });
  }
  return closed("noted", hold.settled_microusd ?? 0, account);
}

/** Ends a hold whose time is over: at what is known to have been delivered, and at least at its prompt. */
export async function expireHold(ctx: MutationCtx, account: OpenAccount, hold: HoldRow): Promise<void> {
  const call: CallFacts = {
    usage: expiryUsage(hold),
    usage_source: "estimated",
    outcome: "expired",
    latency_ms: null,
    first_byte_ms: null,
    upstream_cost_usd: null,
  };
  await close(ctx, account, hold, { state: "expired", cost: expiryCost(hold), call });
}

interface Ending {
  state: "settled" | "voided" | "expired";
  cost: number;
  /** Null: there was no call to tell of. */
  call: CallFacts | null;
  reason?: string;
}

/** The one end of an open hold. */
async function close(ctx: MutationCtx, account: OpenAccount, hold: HoldRow, ending: Ending): Promise<void> {
  const { cost, call } = ending;
  const { totals } = account;
  account.totals = {
    ...totals,
    held_microusd: totals.held_microusd - hold.amount_microusd,
    open_holds: totals.open_holds - 1,
    overrun_microusd: totals.overrun_microusd + Math.max(0, cost - hold.amount_microusd),
  };
  if (hold.key_id !== null) {
    await moveWindows(ctx, hold.key_id, hold.windows, {
      held: -hold.amount_microusd,
      posted: cost,
      requests: call === null ? 0 : 1,
    });
  }
  if (cost > 0) {
    await post(ctx, account, {
      kind: "usage",
      amount: microUsd(-cost),
      idempotencyKey: `usage:${hold.hold_id}`,
      call: { holdId: hold.hold_id, keyId: hold.key_id },
      incurred: true,
    });
  }
  if (call !== null) await recordUsage(ctx, account, hold, cost, call);
  await ctx.db.patch("credit_holds", hold._id, {
    state: ending.state,
    settled_microusd: cost,
    closed_at: account.now,
    ...(ending.reason !== undefined && { reason: ending.reason }),
  });
}

/**
 * A settlement of a hold that has ended. The same again says the same again; after an expiry or a void it is the truth that came late,
 * and the difference is posted; anything else is a mistake, which charges nobody.
 */
async function closeAgain(
  ctx: MutationCtx,
  account: OpenAccount,
  hold: HoldRow,
  cost: number,
  call: CallFacts,
): Promise<Closed> {
  const charged = hold.settled_microusd ?? 0;
  const isFirstWord = hold.state !== "settled" && hold.corrected_at === undefined;
  if (!isFirstWord) {
    if (cost === charged) return closed("settled", charged, account);
    console.error(
      JSON.stringify({ level: "error", event: "settle_conflict", hold_id: hold.hold_id, charged, asked: cost }),
    );
    return closed("settle_conflict", charged, account);
  }
  const more = cost - charged;
  const event = await usageOf(ctx, hold.hold_id);
  if (more !== 0) {
    await post(ctx, account, {
      kind: "usage_correction",
      amount: microUsd(-more),
      idempotencyKey: `correction:${hold.hold_id}`,
      call: { holdId: hold.hold_id, keyId: hold.key_id },
    });
  }
  if (hold.key_id !== null) {
    await moveWindows(ctx, hold.key_id, hold.windows, { posted: more, requests: event === null ? 1 : 0 });
  }
  account.totals = {
    ...account.totals,
    // What was held has been free since the end: nothing covers what is charged now.
    overrun_microusd: account.totals.overrun_microusd + Math.max(0, more),
  };
  if (event === null) await recordUsage(ctx, account, hold, cost, call);
  else await correctUsage(ctx, event, { ...factsOf(call), cost_microusd: cost });
  await ctx.db.patch("credit_holds", hold._id, { settled_microusd: cost, corrected_at: account.now });
  return closed("settled", cost, account);
}

async function recordUsage(
  ctx: MutationCtx,
  account: OpenAccount,
  hold: HoldRow,
  cost: number,
  call: CallFacts,
): Promise<void> {
  await ctx.db.insert("usage_events", {
    hold_id: hold.hold_id,
    user_id: hold.user_id,
    key_id: hold.key_id,
    endpoint: hold.endpoint,
    model: hold.model,
    ...factsOf(call),
    cost_microusd: cost,
    held_microusd: hold.amount_microusd,
    price_version: hold.price.version,
    day: dayOf(hold.created_at),
    created_at: account.now,
  });
}

function factsOf(call: CallFacts) {
  const { usage_source, outcome, latency_ms, first_byte_ms, upstream_cost_usd } = call;
  const usage: TokenUsage = call.usage;
  return {
    usage,
    usage_source,
    outcome,
    latency_ms,
    first_byte_ms,
    ...(upstream_cost_usd !== null && { upstream_cost_usd }),
  };
}

async function usageOf(ctx: QueryCtx, holdId: string): Promise<Doc<"usage_events"> | null> {
  return await ctx.db
    .query("usage_events")
    .withIndex("by_hold_id", (q) => q.eq("hold_id", holdId))
    .unique();
}

/** A foreign hold is as unknown as one that never was. */
async function ownHold(ctx: QueryCtx, account: OpenAccount, holdId: string): Promise<HoldRow | null> {
  const hold = await holdById(ctx, holdId);
  return hold?.user_id === account.userId ? hold : null;
}

function closed(result: Closed["result"], cost: number, account: OpenAccount): Closed {
  return { result, cost_microusd: microUsd(cost), available_microusd: microUsd(availableOf(account.totals)) };
}
