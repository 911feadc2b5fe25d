import { SecretKey } from "@oa/contract";
import { v } from "convex/values";
import { internal } from "./_generated/api.js";
import type { Doc } from "./_generated/dataModel.js";
import { type ActionCtx, internalAction, internalMutation, internalQuery } from "./_generated/server.js";
import { apiError } from "./lib/errors.ts";
import { type Keyring, loadKeyring, openSecret, sealSecret } from "./lib/secretBox.ts";
import { type SecretState, secretStateOf } from "./model/secrets.ts";

/**
 * Brings every stored secret under the active key: `npx convex run secretRotation:rotateSecrets` after the new key has
 * become `OPENCLAW_ENCRYPTION_KEY` and the old one was added to `OPENCLAW_ENCRYPTION_KEYS_PREVIOUS`. When a run has
 * finished with `failed` 0, nothing is left under the old key and it may be dropped.
 *
 * Progress is kept in `secret_rotations`, a page at a time: started again after a crash, it goes on where it was. A page
 * that is done twice does no harm: what is under the active key already is left alone.
 */

const PAGE_ROWS = 50;
/** A run hands over to a new one well before an action's time is up. */
const RUN_MS = 5 * 60 * 1000;
/** Failures that are named one by one. */
const NAMED_FAILURES = 20;

/** How far a rotation has come. */
export type Rotation = Pick<
  Doc<"secret_rotations">,
  "key_id" | "state" | "scanned" | "rotated" | "current" | "failed" | "failures"
>;

export const rotateSecrets = internalAction({
  args: {},
  handler: async (ctx): Promise<Rotation> => {
    const keyring = await loadKeyring(process.env);
    const requestId = crypto.randomUUID();
    const handOverAt = Date.now() + RUN_MS;
    let job = await ctx.runMutation(internal.secretRotation.resume, { key_id: keyring.active.id });
    while (job.state === "running" && Date.now() < handOverAt) {
      const page = await ctx.runQuery(internal.secretRotation.page, { cursor: job.cursor });
      const counts = { rotated: 0, current: 0, failures: new Array<string>() };
      for (const secret of page.secrets) {
        const outcome = await rotateOne(ctx, keyring, secret, requestId);
        if (outcome === "failed") counts.failures.push(`${secret.place.instance_id}:${secret.place.field}`);
        else counts[outcome] += 1;
      }
      job = await ctx.runMutation(internal.secretRotation.advance, {
        id: job._id,
        from: job.cursor,
        to: page.next,
        ...counts,
      });
    }
    if (job.state === "running") await ctx.scheduler.runAfter(0, internal.secretRotation.rotateSecrets, {});
    const { key_id, state, scanned, rotated, current, failed, failures } = job;
    return { key_id, state, scanned, rotated, current, failed, failures };
  },
});

/** Opens, seals, checks that what was sealed opens, and only then stores. */
async function rotateOne(
  ctx: ActionCtx,
  keyring: Keyring,
  { place, sealed }: SecretState,
  requestId: string,
): Promise<"rotated" | "current" | "failed"> {
  if (sealed === null || sealed.key_id === keyring.active.id) return "current";
  try {
    const value = await openSecret(keyring, place, sealed);
    const version = place.version + 1;
    const resealed = await sealSecret(keyring, { ...place, version }, value);
    if ((await openSecret(keyring, { ...place, version }, resealed)) !== value) return "failed";
    const { stored } = await ctx.runMutation(internal.secrets.putSealed, {
      instance_id: place.instance_id,
      key: place.field,
      sealed: resealed,
      version,
      action: "secret.rotate",
      act_id: `${requestId}:${place.instance_id}:${place.field}`,
      request_id: requestId,
    });
    // Not stored: a newer value was stored meanwhile, which was sealed under the active key; or the instance is gone.
    return stored ? "rotated" : "current";
  } catch {
    return "failed";
  }
}

/** The unfinished run for this key, or a new one. A run for another key is over: its key is no longer the active one. */
export const resume = internalMutation({
  args: { key_id: v.string() },
  handler: async (ctx, args): Promise<Doc<"secret_rotations">> => {
    const now = Date.now();
    const unfinished = await ctx.db
      .query("secret_rotations")
      .withIndex("by_state", (q) => q.eq("state", "running"))
      .collect();
    for (const job of unfinished) {
      if (job.key_id === args.key_id) return job;
      await ctx.db.patch("secret_rotations", job._id, { state: "finished", updated_at: now });
    }
    const id = await ctx.db.insert("secret_rotations", {
      key_id: args.key_id,
      state: "running",
      cursor: null,
      scanned: 0,
      rotated: 0,
      current: 0,
      failed: 0,
      failures: [],
      started_at: now,
      updated_at: now,
    });
    return await required(ctx.db.get("secret_rotations", id));
  },
});

/** The stored secrets of the next rows; `next` is null after the last. */
export const page = internalQuery({
  args: { cursor: v.union(v.string(), v.null()) },
  handler: async (ctx, args): Promise<{ secrets: SecretState[]; next: string | null }> => {
    const rows = await ctx.db.query("openclaw_instances").paginate({ cursor: args.cursor, numItems: PAGE_ROWS });
    const states = rows.page.flatMap((row) => SecretKey.options.map((key) => secretStateOf(row, key)));
    return {
      secrets: states.filter(({ sealed }) => sealed !== null),
      next: rows.isDone ? null : rows.continueCursor,
    };
  },
});

/** Writes a page's counts. Of two runs that did the same page, the second changes nothing. */
export const advance = internalMutation({
  args: {
    id: v.id("secret_rotations"),
    from: v.union(v.string(), v.null()),
    to: v.union(v.string(), v.null()),
    rotated: v.number(),
    current: v.number(),
    failures: v.array(v.string()),
  },
  handler: async (ctx, args): Promise<Doc<"secret_rotations">> => {
    const job = await required(ctx.db.get("secret_rotations", args.id));
    if (job.state === "finished" || job.cursor !== args.from) return job;
    await ctx.db.patch("secret_rotations", job._id, {
      state: args.to === null ? "finished" : "running",
      cursor: args.to,
      scanned: job.scanned + args.rotated + args.current + args.failures.length,
      rotated: job.rotated + args.rotated,
      current: job.current + args.current,
      failed: job.failed + args.failures.length,
      failures: [...job.failures, ...args.failures].slice(0, NAMED_FAILURES),
      updated_at: Date.now(),
    });
    return await required(ctx.db.get("secret_rotations", job._id));
  },
});

async function required<T>(found: Promise<T | null>): Promise<T> {
  const row = await found;
  if (row === null) throw apiError("internal", "The rotation that was just written cannot be read.");
  return row;
}
