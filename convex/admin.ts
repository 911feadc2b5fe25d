import type { AdminInstance, AdminUser } from "@oa/contract";
import { microUsd, usdOfMicro } from "@oa/contract";
import { paginationOptsValidator, type PaginationResult } from "convex/server";
import { v } from "convex/values";
import type { Doc } from "./_generated/dataModel.js";
import { query, type QueryCtx } from "./_generated/server.js";
import { requireAdmin } from "./lib/access.ts";
import { isAdmin } from "./lib/admins.ts";
import type { ObservationView } from "./lib/observationView.ts";
import { totalsOf } from "./lib/ledgerRules.ts";
import { pageOf } from "./lib/paging.ts";
import { instanceOfUser, seenOfUser } from "./model/instances.ts";
import { accountOf } from "./model/ledger.ts";
import { userById } from "./model/users.ts";

/** What administrators see; what they do goes through the Worker (`/web/admin/*`), which audits it. */

/** Users, newest first; or those whose address begins with `email`, in its order. */
export const users = query({
  args: { paginationOpts: paginationOptsValidator, email: v.optional(v.string()) },
  handler: async (ctx, { paginationOpts, email }): Promise<PaginationResult<AdminUser>> => {
    await requireAdmin(ctx);
    const wanted = email?.trim().toLowerCase() ?? "";
    const rows =
      wanted === ""
        ? ctx.db.query("users").withIndex("by_created_at").order("desc")
        : ctx.db.query("users").withIndex("by_email", (q) => q.gte("email", wanted).lt("email", `${wanted}\u{10ffff}`));
    const found = await rows.paginate(pageOf(paginationOpts));
    return { ...found, page: await Promise.all(found.page.map((user) => userRow(ctx, user))) };
  },
});

/** Instances that are not deleted, newest first, with their state and since when. */
export const instances = query({
  args: { paginationOpts: paginationOptsValidator },
  handler: async (ctx, { paginationOpts }): Promise<PaginationResult<AdminInstance>> => {
    await requireAdmin(ctx);
    const found = await ctx.db.query("openclaw_instances").order("desc").paginate(pageOf(paginationOpts));
    const living = found.page.filter(({ status }) => status !== "deleted");
    return { ...found, page: await Promise.all(living.map((row) => instanceRow(ctx, row))) };
  },
});

/** What a user's fleet last reported: their devices, for who decides on them for the user. Null as for the user. */
export const devices = query({
  args: { user_id: v.string() },
  handler: async (ctx, { user_id }): Promise<ObservationView | null> => {
    await requireAdmin(ctx);
    return await seenOfUser(ctx, user_id);
  },
});

async function userRow(ctx: QueryCtx, user: Doc<"users">): Promise<AdminUser> {
  const [account, instance] = await Promise.all([accountOf(ctx, user._id), instanceOfUser(ctx, user._id)]);
  const totals = totalsOf(account);
  const has = instance !== null && instance.status !== "deleted";
  return {
    user_id: user._id,
    email: user.email,
    email_verified: user.email_verified_at !== undefined,
    is_admin: isAdmin(user),
    created_at: user.created_at,
    balance_usd: usdOfMicro(microUsd(totals.posted_microusd)),
    credits_status: totals.status,
    instance: has ? { status: instance.status, since: instance.updated_at } : null,
  };
}

async function instanceRow(ctx: QueryCtx, row: Doc<"openclaw_instances">): Promise<AdminInstance> {
  const user = await userById(ctx, row.user_id);
  return {
    instance_id: row.instance_id,
    user_id: row.user_id,
    email: user?.email ?? null,
    status: row.status,
    desired: row.desired,
    reason: row.reason ?? null,
    version: row.version ?? null,
    runtime_name: row.runtime_name ?? null,
    created_at: row.created_at,
    updated_at: row.updated_at,
    last_ready_at: row.last_ready_at ?? null,
  };
}
