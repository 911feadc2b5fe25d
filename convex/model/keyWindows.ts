import type { Doc } from "../_generated/dataModel.js";
import type { MutationCtx, QueryCtx } from "../_generated/server.js";
import { type SpendWindow, windowAt, type WindowSpan } from "../lib/spendWindows.ts";

/** What a key has spent and holds, window by window: the only writer of `key_spend_windows`. */

type WindowRow = Doc<"key_spend_windows">;

/** What happens to each window of a call. */
export interface WindowChange {
  held?: number;
  posted?: number;
  requests?: number;
}

/** A key's sums in a window; null where no call has counted in it yet. */
export async function windowOf(ctx: QueryCtx, keyId: string, window: string): Promise<WindowRow | null> {
  return await ctx.db
    .query("key_spend_windows")
    .withIndex("by_key_id_window", (q) => q.eq("key_id", keyId).eq("window", window))
    .unique();
}

/** What a key has spent, and holds, in the window of a kind that a time falls into. */
export async function spentIn(
  ctx: QueryCtx,
  keyId: string,
  span: WindowSpan,
  now: number,
): Promise<{ posted: number; held: number; requests: number; endsAt: number | null }> {
  const { id, endsAt } = windowAt(span, now);
  const row = await windowOf(ctx, keyId, id);
  return { posted: row?.posted_microusd ?? 0, held: row?.held_microusd ?? 0, requests: row?.requests ?? 0, endsAt };
}

/** Makes the windows a call counts in, where they are not there yet. */
export async function openWindows(ctx: MutationCtx, keyId: string, windows: readonly SpendWindow[]): Promise<void> {
  for (const { id, endsAt } of windows) {
    if ((await windowOf(ctx, keyId, id)) !== null) continue;
    await ctx.db.insert("key_spend_windows", {
      key_id: keyId,
      window: id,
      posted_microusd: 0,
      held_microusd: 0,
      requests: 0,
      ...(endsAt !== null && { ends_at: endsAt }),
    });
  }
}

/** Moves windows. One that the pruner has taken meanwhile stays gone: it has bounded nothing since. */
export async function moveWindows(
  ctx: MutationCtx,
  keyId: string,
  windows: readonly string[],
  { held = 0, posted = 0, requests = 0 }: WindowChange,
): Promise<void> {
  for (const window of windows) {
    const row = await windowOf(ctx, keyId, window);
    if (row === null) continue;
    await ctx.db.patch("key_spend_windows", row._id, {
      held_microusd: row.held_microusd + held,
      posted_microusd: row.posted_microusd + posted,
      requests: row.requests + requests,
    });
  }
}
