import type { Doc } from "../_generated/dataModel.js";
import type { QueryCtx } from "../_generated/server.js";
import { type Checkpoint, proveHolds, proveRows, proveTotals, proveWindow } from "../lib/reconcilePlan.ts";
import { windowAt, type WindowSpan } from "../lib/spendWindows.ts";
import { lineOfCall } from "../lib/usageSums.ts";
import { DAY_MS, dayOf } from "../lib/utcDays.ts";
import { accountOf } from "./ledger.ts";
import { positionOf } from "./jobCursors.ts";
import { ROLL_UP } from "./usageDaily.ts";

/** What the nightly reconciliation reads, each in one transaction, so that what is compared is of one moment. */

/** Ledger rows one look takes. */
const MAX_LEDGER_ROWS = 1000;
/** Calls under way at once are held to a fraction of this. */
const MAX_OPEN_HOLDS = 1000;
/** Rows of days, and calls not rolled up, that one window's usage is added up from. */
const MAX_USAGE_ROWS = 4000;

export interface AccountLook {
  /** How far the ledger is proven now. */
  proven: Checkpoint;
  /** False: there are more rows; look again from `proven`. */
  complete: boolean;
  findings: string[];
}

/** Proves a user's ledger on from a checkpoint; with the last row, the account against it and against its holds (I1, I2). */
export async function lookAtAccount(
  ctx: QueryCtx,
  userId: string,
  from: Checkpoint,
  now: number,
): Promise<AccountLook> {
  const account = await accountOf(ctx, userId);
  if (account === null) return { proven: from, complete: true, findings: [] };
  const rows = await ctx.db
    .query("credit_ledger")
    .withIndex("by_user_id_seq", (q) => q.eq("user_id", userId).gt("seq", from.seq))
    .take(MAX_LEDGER_ROWS);
  const { proven, findings } = proveRows(from, rows);
  if (findings.length === 0 && rows.length === MAX_LEDGER_ROWS) return { proven, complete: false, findings };
  const holds = await openHoldsOf(ctx, userId);
  return {
    proven,
    complete: true,
    findings: [
      ...(findings.length === 0 ? proveTotals(account, proven) : findings),
      ...proveHolds({ held_microusd: account.held_microusd, open_holds: account.open_holds ?? null }, holds, now),
    ],
  };
}

/** Proves a key's present windows against open holds and usage (I2, I5). */
export async function lookAtKey(ctx: QueryCtx, key: Doc<"provisioned_keys">, now: number): Promise<string[]> {
  const holds = (await openHoldsOf(ctx, key.user_id)).filter(({ key_id }) => key_id === key.key_id);
  const findings: string[] = [];
  for (const span of ["all", "daily", "weekly", "monthly"] as const) {
    const { id } = windowAt(span, now);
    const window = await ctx.db
      .query("key_spend_windows")
      .withIndex("by_key_id_window", (q) => q.eq("key_id", key.key_id).eq("window", id))
      .unique();
    findings.push(
      ...proveWindow(
        { id, held_microusd: window?.held_microusd ?? 0, posted_microusd: window?.posted_microusd ?? 0 },
        {
          holds: holds.filter(({ windows }) => windows.includes(id)),
          used_microusd: await usedIn(ctx, key.key_id, span, now),
        },
      ),
    );
  }
  return findings.map((finding) => `key ${key.key_id}: ${finding}`);
}

/**
 * What a key's calls of the present window cost: the days that are rolled up, and the calls that are not. Null for the whole life,
 * which grows without end, and where there are more rows than one look takes: those are not proven here.
 */
async function usedIn(ctx: QueryCtx, keyId: string, span: WindowSpan, now: number): Promise<number | null> {
  if (span === "all") return null;
  const first = dayOf(startOf(span, now));
  const last = dayOf(now);
  const days = await ctx.db
    .query("usage_daily")
    .withIndex("by_key_id_day", (q) => q.eq("key_id", keyId).gte("day", first).lte("day", last))
    .take(MAX_USAGE_ROWS);
  const position = await positionOf(ctx, ROLL_UP);
  const tail = await ctx.db
    .query("usage_events")
    .withIndex("by_key_id_created_at", (q) => q.eq("key_id", keyId).gt("created_at", position - DAY_MS))
    .take(MAX_USAGE_ROWS);
  if (days.length === MAX_USAGE_ROWS || tail.length === MAX_USAGE_ROWS) return null;
  const fresh = tail.filter((event) => event._creationTime > position && event.day >= first).map(lineOfCall);
  return [...days, ...fresh].reduce((sum, { cost_microusd }) => sum + cost_microusd, 0);
}

function startOf(span: Exclude<WindowSpan, "all">, now: number): number {
  const { endsAt } = windowAt(span, now);
  const today = now - (now % DAY_MS);
  if (span === "daily") return today;
  if (span === "weekly") return (endsAt ?? now) - 7 * DAY_MS;
  const date = new Date(now);
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), 1);
}

async function openHoldsOf(ctx: QueryCtx, userId: string): Promise<Doc<"credit_holds">[]> {
  return await ctx.db
    .query("credit_holds")
    .withIndex("by_user_id_state", (q) => q.eq("user_id", userId).eq("state", "open"))
    .take(MAX_OPEN_HOLDS);
}
