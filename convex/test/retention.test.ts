import { describe, expect, it } from "vitest";
import { internal } from "../_generated/api.js";
import { PRUNE_ROWS } from "../lib/retention.ts";
import { setupTest, type TestDeployment } from "./setup.testing.ts";

const DAY_MS = 24 * 60 * 60 * 1000;

async function addLines(t: TestDeployment, count: number, ageMs: number, routine: boolean): Promise<void> {
  await t.run(async (ctx) => {
    for (let index = 0; index < count; index += 1) {
      await ctx.db.insert("audit_log", {
        act_id: `act-${ageMs}-${index}`,
        actor: "a",
        via: "system",
        subject_user_id: "u",
        action: routine ? "secret.read" : "device.approve",
        target: null,
        result: "ok",
        code: null,
        ip: null,
        request_id: "r",
        routine,
        created_at: Date.now() - ageMs,
      });
    }
  });
}

describe("what has passed its time is deleted", () => {
  it("routine lines of the audit log after 30 days, others after 400", async () => {
    const t = setupTest();
    await addLines(t, 1, 31 * DAY_MS, true);
    await addLines(t, 1, 29 * DAY_MS, true);
    await addLines(t, 1, 399 * DAY_MS, false);
    await addLines(t, 1, 401 * DAY_MS, false);
    expect(await t.mutation(internal.retention.prune, {})).toEqual({ deleted: 2 });
    const left = await t.run(async (ctx) => await ctx.db.query("audit_log").collect());
    expect(left.map(({ act_id }) => act_id).sort()).toEqual([`act-${29 * DAY_MS}-0`, `act-${399 * DAY_MS}-0`]);
  });

  it("sessions once they have expired", async () => {
    const t = setupTest();
    await t.run(async (ctx) => {
      const user_id = await ctx.db.insert("users", {
        email: "a@example.com",
        password_hash: "h",
        token_version: 0,
        created_at: 0,
      });
      for (const [session_hash, expires_at] of [
        ["over", Date.now() - 1000],
        ["open", Date.now() + DAY_MS],
      ] as const) {
        await ctx.db.insert("sessions", {
          user_id,
          session_hash,
          created_at: 0,
          last_seen_at: 0,
          expires_at,
          ip: null,
          user_agent: null,
        });
      }
    });
    await t.mutation(internal.retention.prune, {});
    expect(await t.run(async (ctx) => await ctx.db.query("sessions").collect())).toMatchObject([
      { session_hash: "open" },
    ]);
  });

  it("a backlog in bounded batches, until nothing is left", async () => {
    const t = setupTest();
    await addLines(t, 2 * PRUNE_ROWS + 10, 500 * DAY_MS, false);
    expect(await t.mutation(internal.retention.prune, {})).toEqual({ deleted: PRUNE_ROWS });
    for (let left = 1; left > 0;) {
      await t.finishInProgressScheduledFunctions();
      left = (await t.run(async (ctx) => await ctx.db.query("audit_log").collect())).length;
      await new Promise((resolve) => {
        setTimeout(resolve, 5);
      });
    }
    expect(await t.run(async (ctx) => await ctx.db.query("audit_log").collect())).toEqual([]);
  });
});
