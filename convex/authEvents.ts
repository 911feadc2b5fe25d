import type { MyAuthEvent } from "@oa/contract";
import { paginationOptsValidator, type PaginationResult } from "convex/server";
import { query } from "./_generated/server.js";
import { requireUser } from "./lib/access.ts";
import { deviceName } from "./lib/deviceName.ts";
import { pageOf } from "./lib/paging.ts";

/** What happened to the ways into the signed-in user's account, newest first. */
export const mine = query({
  args: { paginationOpts: paginationOptsValidator },
  handler: async (ctx, { paginationOpts }): Promise<PaginationResult<MyAuthEvent>> => {
    const user = await requireUser(ctx);
    const rows = await ctx.db
      .query("auth_events")
      .withIndex("by_user_id", (q) => q.eq("user_id", user._id))
      .order("desc")
      .paginate(pageOf(paginationOpts));
    const page = rows.page.map((row) => ({
      event_id: row._id,
      type: row.type,
      device: deviceName(row.user_agent),
      place: row.place ?? null,
      ip: row.ip,
      detail: row.detail,
      created_at: row.created_at,
    }));
    return { ...rows, page };
  },
});
