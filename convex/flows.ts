import type { EditorFlow, FlowDecideResult, FlowTaken } from "@oa/contract";
import { v } from "convex/values";
import type * as z from "zod";
import type { Doc } from "./_generated/dataModel.js";
import { internalMutation, internalQuery, type QueryCtx } from "./_generated/server.js";
import { access, clientInfo, clientKind, flowBy } from "./lib/accountValidators.ts";
import { deviceName } from "./lib/deviceName.ts";
import { apiError } from "./lib/errors.ts";
import { FLOW_CODE_TTL_MS, FLOW_TTL_MS, planPoll, planTake, POLL_INTERVAL_S } from "./lib/flowPlan.ts";
import { grantAccess } from "./model/access.ts";
import { requireSession } from "./model/sessions.ts";
import { requireUserById } from "./model/users.ts";

/**
 * Editors and terminals that are signed in through a browser: the client starts a flow with the hash of a secret, a person
 * says yes in their own session, the client takes the grant with the secret. The flow's id and code open nothing by
 * themselves.
 */
export const start = internalMutation({
  args: {
    flow: v.string(),
    kind: clientKind,
    user_code: v.string(),
    code_challenge: v.string(),
    callback: v.union(v.string(), v.null()),
    state: v.union(v.string(), v.null()),
    client: clientInfo,
  },
  handler: async (ctx, { client, ...fields }): Promise<{ done: true }> => {
    if ((await flowOf(ctx, fields)) !== null || (await flowOf(ctx, { user_code: fields.user_code })) !== null) {
      throw apiError("conflict", "That code is in use. Start again.");
    }
    const now = Date.now();
    await ctx.db.insert("sign_in_flows", {
      ...fields,
      ...client,
      created_at: now,
      expires_at: now + FLOW_TTL_MS,
      interval_s: POLL_INTERVAL_S,
      last_polled_at: null,
      user_id: null,
      decision: { kind: "waiting" },
    });
    return { done: true };
  },
});

/** What the person who is to say yes sees; null for a flow that is unknown or over. */
export const look = internalQuery({
  args: { by: flowBy },
  handler: async (ctx, args): Promise<{ flow: EditorFlow | null }> => {
    const row = await flowOf(ctx, args.by);
    return { flow: row === null || row.expires_at <= Date.now() ? null : viewOf(row) };
  },
});

/**
 * Takes a person's word, once. By the flow's link and with a callback, the grant goes to whoever brings the code from the
 * callback; by the typed code, or without a callback, to the client that polls. `expired` where nothing waits any more, and where
 * the session that decides has ended.
 */
export const decide = internalMutation({
  args: { user_id: v.string(), asked_by: v.string(), by: flowBy, approve: v.boolean(), code_hash: v.string() },
  handler: async (ctx, args): Promise<z.infer<typeof FlowDecideResult>> => {
    const user = await requireUserById(ctx, args.user_id);
    await requireSession(ctx, user._id, args.asked_by);
    const row = await flowOf(ctx, args.by);
    const now = Date.now();
    if (row === null || row.expires_at <= now || row.decision.kind !== "waiting") {
      throw apiError("expired", "This request is over. Start again in the editor or the terminal.");
    }
    if (!args.approve) {
      await ctx.db.patch("sign_in_flows", row._id, { user_id: user._id, decision: { kind: "denied" } });
      return { callback: null, state: null };
    }
    if ("user_code" in args.by || row.callback === null) {
      await ctx.db.patch("sign_in_flows", row._id, { user_id: user._id, decision: { kind: "approved_to_poll" } });
      return { callback: null, state: null };
    }
    await ctx.db.patch("sign_in_flows", row._id, {
      user_id: user._id,
      decision: { kind: "approved_by_code", code_hash: args.code_hash, code_expires_at: now + FLOW_CODE_TTL_MS },
    });
    return { callback: row.callback, state: row.state };
  },
});

/**
 * Gives a client what its person granted, once: the flow is gone with it, in the same mutation. The verifier is checked
 * before anything else, so that a wrong one has no effect, not even on the clock of polls.
 */
export const take = internalMutation({
  args: {
    flow: v.string(),
    kind: clientKind,
    code_challenge: v.string(),
    code_hash: v.union(v.string(), v.null()),
    access,
    client: clientInfo,
  },
  handler: async (ctx, args): Promise<z.infer<typeof FlowTaken>> => {
    const row = await flowOf(ctx, args);
    if (row === null || row.kind !== args.kind || row.code_challenge !== args.code_challenge) return { outcome: "bad" };
    const now = Date.now();
    const plan = planTake(row, args.code_hash, now);
    if (plan === "pending") {
      const poll = planPoll(row, now);
      await ctx.db.patch("sign_in_flows", row._id, { last_polled_at: now, interval_s: poll.interval_s });
      return poll.tooEarly ? { outcome: "slow_down", interval_s: poll.interval_s } : { outcome: "pending" };
    }
    if (plan !== "grant") return { outcome: plan };
    const user = row.user_id === null ? null : await ctx.db.get("users", row.user_id);
    if (user === null) return { outcome: "bad" };
    await ctx.db.delete("sign_in_flows", row._id);
    return { outcome: "granted", access: await grantAccess(ctx, user, args.access, args.client) };
  },
});

async function flowOf(
  ctx: QueryCtx,
  by: { flow: string } | { user_code: string },
): Promise<Doc<"sign_in_flows"> | null> {
  return "flow" in by
    ? await ctx.db
        .query("sign_in_flows")
        .withIndex("by_flow", (q) => q.eq("flow", by.flow))
        .unique()
    : await ctx.db
        .query("sign_in_flows")
        .withIndex("by_user_code", (q) => q.eq("user_code", by.user_code))
        .unique();
}

function viewOf(row: Doc<"sign_in_flows">): EditorFlow {
  const { kind } = row.decision;
  return {
    flow: row.flow,
    client: row.kind,
    user_code: row.user_code,
    callback: row.callback === null ? null : callbackView(row.callback),
    asked_from: { device: deviceName(row.user_agent), place: row.place ?? null, ip: row.ip },
    created_at: row.created_at,
    expires_at: row.expires_at,
    state: kind === "waiting" || kind === "denied" ? kind : "approved",
  };
}

function callbackView(callback: string): EditorFlow["callback"] {
  const url = new URL(callback);
  return { kind: url.protocol === "https:" || url.protocol === "http:" ? "web" : "app", host: url.host };
}
