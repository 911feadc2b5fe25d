import { CREDIT_KINDS, microUsd } from "@oa/contract";
import type { Doc } from "../_generated/dataModel.js";
import type { MutationCtx } from "../_generated/server.js";
import { budgetLevel } from "../lib/budgetLevels.ts";
import { balanceLevel, creditSettings } from "../lib/creditSettings.ts";
import { windowAt } from "../lib/spendWindows.ts";
import { raiseAlert } from "./alerts.ts";
import { accountOf } from "./ledger.ts";
import { checkSuspension } from "./suspension.ts";

/**
 * What is looked at after money has moved: whether the balance is low, whether keys near their limits, whether the OpenClaw sleeps
 * or wakes. Holds do not count here: they are no spending yet.
 */
export async function checkCredits(ctx: MutationCtx, userId: string, keyIds: readonly string[]): Promise<void> {
  await checkBalance(ctx, userId);
  for (const keyId of keyIds) await checkBudget(ctx, userId, keyId);
  await checkSuspension(ctx, userId);
}

/** Told once until credit arrives: the number of credits there were is what the alert is about. */
async function checkBalance(ctx: MutationCtx, userId: string): Promise<void> {
  const account = await accountOf(ctx, userId);
  const settings = creditSettings(process.env);
  if (account === null || account.posted_microusd >= settings.lowBalance) return;
  const credits = CREDIT_KINDS.reduce((sum, kind) => sum + (account.rows_by_kind?.[kind] ?? 0), 0);
  await raiseAlert(ctx, {
    userId,
    subject: `after-credit:${credits}`,
    facts: {
      kind: "low_balance",
      balance: microUsd(account.posted_microusd),
      empty: balanceLevel(account.posted_microusd, settings) === "empty",
    },
  });
}

async function checkBudget(ctx: MutationCtx, userId: string, keyId: string): Promise<void> {
  const key = await ctx.db
    .query("provisioned_keys")
    .withIndex("by_key_id", (q) => q.eq("key_id", keyId))
    .unique();
  if (key === null || key.revoked_at !== undefined || key.credit_limit_microusd === null) return;
  const window = windowAt(key.limit_reset ?? "all", Date.now()).id;
  const level = budgetLevel(await spentIn(ctx, key, window), key.credit_limit_microusd);
  if (level === null) return;
  await raiseAlert(ctx, {
    userId,
    subject: `${keyId}:${window}`,
    level,
    keyId,
    facts: {
      kind: "key_budget",
      key: key.name,
      level,
      limit: microUsd(key.credit_limit_microusd),
      reset: key.limit_reset,
    },
  });
}

async function spentIn(ctx: MutationCtx, key: Doc<"provisioned_keys">, window: string): Promise<number> {
  const row = await ctx.db
    .query("key_spend_windows")
    .withIndex("by_key_id_window", (q) => q.eq("key_id", key.key_id).eq("window", window))
    .unique();
  return row?.posted_microusd ?? 0;
}
