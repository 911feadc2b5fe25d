import {
  Accepted,
  AdminAdjust,
  AdminFreeze,
  LedgerPosting,
  PathId,
  WEB_CREDIT_PATHS,
  formatUsd,
  microOfUsd,
} from "@oa/contract";
import * as z from "zod";
import { audited } from "../audit.ts";
import { route } from "../route.ts";

const OfUser = z.object({ userId: PathId });

/** What administrators do about others' credits. Audited like their other acts; the reason is kept with what they did. */
export const adminCreditRoutes = [
  route({
    method: "POST",
    path: WEB_CREDIT_PATHS.adminAdjust,
    gate: "admin",
    summary: "Give a user credits, or take some back",
    input: z.object({ params: OfUser, body: AdminAdjust }),
    answer: LedgerPosting,
    errors: ["not_found", "insufficient_credits"],
    async handle(call) {
      const { userId } = call.input.params;
      const { amount_usd, reason, idempotency_key } = call.input.body;
      const amount = microOfUsd(amount_usd);
      const act = { action: "admin.credits.adjust", target: formatUsd(amount), subject: userId };
      const posting = { amount_microusd: amount, reason, actor: call.granted.user.user_id, idempotency_key };
      return await audited(call, act, (act_id) => call.services.control.adjustCredits(userId, { ...posting, act_id }));
    },
  }),
  route({
    method: "POST",
    path: WEB_CREDIT_PATHS.adminFreeze,
    gate: "admin",
    summary: "Stop a user's spending, or let it go on",
    input: z.object({ params: OfUser, body: AdminFreeze }),
    answer: Accepted,
    errors: ["not_found"],
    async handle(call) {
      const { userId } = call.input.params;
      const { frozen, reason } = call.input.body;
      const act = {
        action: frozen ? "admin.credits.freeze" : "admin.credits.unfreeze",
        target: reason,
        subject: userId,
      };
      const change = { frozen, reason, actor: call.granted.user.user_id };
      await audited(call, act, (act_id) => call.services.control.freezeCredits(userId, { ...change, act_id }));
      return { accepted: true as const };
    },
  }),
];
