import { AccountNoticeType, type AuthEventType, type ClientInfo } from "@oa/contract";
import { internal } from "../_generated/api.js";
import type { Id } from "../_generated/dataModel.js";
import type { MutationCtx } from "../_generated/server.js";

/** A mail that nobody has begun to send by then was lost on its way, and is begun again. */
const LOST_MS = 60_000;

/**
 * Appends to the list a person sees on the security page, in the mutation that does what it tells. Never a secret. What changes the
 * ways into the account is mailed to its address, too: whoever did it with a stolen session could read the list, not the mail.
 */
export async function recordAuthEvent(
  ctx: MutationCtx,
  userId: Id<"users">,
  type: AuthEventType,
  client: ClientInfo,
  detail: string | null = null,
): Promise<void> {
  const now = Date.now();
  const mailed = AccountNoticeType.safeParse(type).success;
  const id = await ctx.db.insert("auth_events", {
    user_id: userId,
    type,
    detail,
    ip: client.ip,
    user_agent: client.user_agent,
    place: client.place,
    created_at: now,
    ...(mailed && { notice_attempts: 0, notice_due_at: now + LOST_MS }),
  });
  if (mailed) await ctx.scheduler.runAfter(0, internal.accountNotices.send, { event_id: id });
}
