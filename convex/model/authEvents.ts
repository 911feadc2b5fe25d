import type { AuthEventType, ClientInfo } from "@oa/contract";
import type { Id } from "../_generated/dataModel.js";
import type { MutationCtx } from "../_generated/server.js";

/** Appends to the list a person sees on the security page, in the mutation that does what it tells. Never a secret. */
export async function recordAuthEvent(
  ctx: MutationCtx,
  userId: Id<"users">,
  type: AuthEventType,
  client: ClientInfo,
  detail: string | null = null,
): Promise<void> {
  await ctx.db.insert("auth_events", {
    user_id: userId,
    type,
    detail,
    ip: client.ip,
    user_agent: client.user_agent,
    place: client.place,
    created_at: Date.now(),
  });
}
