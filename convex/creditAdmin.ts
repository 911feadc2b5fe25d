import { formatUsd, type LedgerPosting, microUsd } from "@oa/contract";
import { v } from "convex/values";
import { internalMutation } from "./_generated/server.js";
import { recordAudit } from "./model/auditLog.ts";
import { requireAccountHolder, setFrozen } from "./model/freeze.ts";
import { postLedger } from "./model/ledger.ts";

/**
 * What administrators do with other people's credits. Each act has a reason, which its subject reads, and a line in the audit log that
 * is written with it: the end of the act the Worker has written the beginning of.
 */

const act = {
  user_id: v.string(),
  act_id: v.string(),
  reason: v.string(),
  actor: v.string(),
  request_id: v.string(),
};

/**
 * Posts an `admin_credit` or, for a negative amount, an `admin_debit`; once for each key. Refused with `invalid_request` for an amount
 * of nothing, with `not_found` for nobody, with `insufficient_credits` for a debit that the balance does not cover, with `conflict` for a key that was used for
 * something else.
 */
export const adjust = internalMutation({
  args: { ...act, amount_microusd: v.number(), idempotency_key: v.string() },
  handler: async (ctx, args): Promise<LedgerPosting> => {
    await requireAccountHolder(ctx, args.user_id);
    const posting = await postLedger(ctx, {
      userId: args.user_id,
      kind: args.amount_microusd < 0 ? "admin_debit" : "admin_credit",
      amount: microUsd(args.amount_microusd),
      // Callers choose these keys: a prefix keeps them apart from the keys of grants and payments.
      idempotencyKey: `adjust:${args.idempotency_key}`,
      meta: { reason: args.reason, actor: args.actor },
    });
    if (!posting.replayed) {
      await recordAudit(ctx, {
        ...lineOf(args),
        action: "admin.credits.adjust",
        target: formatUsd(posting.amount_microusd),
      });
    }
    return posting;
  },
});

/** Stops or allows spending. Calls under way are settled all the same; credits arrive all the same. */
export const freeze = internalMutation({
  args: { ...act, frozen: v.boolean() },
  handler: async (ctx, args): Promise<{ done: true }> => {
    const changed = await setFrozen(ctx, args.user_id, args.frozen);
    if (!changed) return { done: true };
    await recordAudit(ctx, {
      ...lineOf(args),
      action: args.frozen ? "admin.credits.freeze" : "admin.credits.unfreeze",
      target: args.reason,
    });
    return { done: true };
  },
});

function lineOf({
  user_id,
  act_id,
  actor,
  request_id,
}: {
  user_id: string;
  act_id: string;
  actor: string;
  request_id: string;
}) {
  return {
    act_id,
    actor,
    via: "internal" as const,
    subject_user_id: user_id,
    result: "ok" as const,
    code: null,
    ip: null,
    request_id,
  };
}
