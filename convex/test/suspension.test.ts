import { ReconcileRequest } from "@oa/contract";
import { describe, expect, it, vi } from "vitest";
import { internal } from "../_generated/api.js";
import { type Customer, customer, PATHS, settle } from "./credits.testing.ts";
import { type Answer, result, standInApi } from "./reconciler.testing.ts";
import { LATER } from "./timetable.testing.ts";

const SETTLED: Answer = result({ outcome: "settled" });

/** Ada, whose OpenClaw is ready, and what the reconciler is asked. */
async function owner() {
  const api = await standInApi(() => LATER);
  const ada = await customer();
  await ada.control.claim(ada.id);
  await ada.control.bringUp(ada.id);
  return { api, ada };
}

async function instance(ada: Customer) {
  return await ada.control.instance(ada.id);
}

/** The balance goes to nothing by a call. */
async function spendAll(ada: Customer): Promise<void> {
  const { posted_microusd } = await ada.account();
  await ada.call({ hold: `hold-all-${posted_microusd}-${crypto.randomUUID()}`, cost: posted_microusd });
  await settle(ada.t);
}

/** The grace is over, and the sweep comes by. */
async function graceIsOver(ada: Customer): Promise<void> {
  await ada.t.run(async (ctx) => {
    for (const row of await ctx.db.query("empty_balances").collect()) {
      await ctx.db.patch("empty_balances", row._id, { suspend_at: Date.now() - 1, due_at: Date.now() - 1 });
    }
  });
  await ada.t.mutation(internal.suspension.sweep, {});
  await settle(ada.t);
}

async function suspended() {
  const { api, ada } = await owner();
  await spendAll(ada);
  await graceIsOver(ada);
  expect((await instance(ada)).status).toBe("suspended");
  return { api, ada };
}

async function watches(ada: Customer): Promise<number> {
  return await ada.t.run(async (ctx) => (await ctx.db.query("empty_balances").collect()).length);
}

/** Stores, or takes away, a key of Ada's own at a model provider. */
async function ownKey(ada: Customer, key: string | null): Promise<void> {
  const { status } = await ada.control.send(PATHS.providerKeys, { user: ada.id, body: { keys: { openai: key } } });
  expect(status).toBe(200);
  await settle(ada.t);
}

describe("an OpenClaw whose owner has no credit left", () => {
  it("goes on through the grace, and its owner is warned once", async () => {
    const { ada } = await owner();
    await spendAll(ada);
    await ada.t.mutation(internal.suspension.check, { user_id: ada.id });
    await ada.t.mutation(internal.suspension.sweep, {});
    await settle(ada.t);
    expect((await instance(ada)).status).toBe("ready");
    const warnings = (await ada.alerts()).filter(({ kind }) => kind === "suspension");
    expect(warnings.map(({ title }) => title)).toEqual(["Your OpenClaw will be put to sleep"]);
  });

  it("sleeps when the grace is over: the wish stays, the reason says what to do, the reconciler is told", async () => {
    const { api, ada } = await owner();
    await spendAll(ada);
    const before = await instance(ada);
    const calls = api.calls.length;
    await graceIsOver(ada);
    const row = await instance(ada);
    expect(row).toMatchObject({ status: "suspended", desired: "running", generation: before.generation });
    expect(row.reason).toMatch(/asleep.*top up/);
    expect(api.calls.slice(calls).map(({ body }) => ReconcileRequest.parse(body).instance_id)).toContain(
      row.instance_id,
    );
    expect((await ada.alerts()).map(({ title }) => title)).toContain("Your OpenClaw is asleep");
    const lines = await ada.t.run(async (ctx) => await ctx.db.query("audit_log").collect());
    expect(lines.map(({ action }) => action)).toContain("instance.suspend");
  });

  it("keeps its reason while the fleet stops it, and is not looked at every minute once it is down", async () => {
    const { api, ada } = await suspended();
    const { reason, instance_id } = await instance(ada);
    const drive = async () =>
      await ada.t.run(
        async (ctx) =>
          await ctx.db
            .query("instance_drives")
            .withIndex("by_instance_id", (q) => q.eq("instance_id", instance_id))
            .unique(),
      );
    api.answer = () => result({ outcome: "retry", reason: "The host is away." });
    const again = async () => {
      await ada.t.run(async (ctx) => {
        const row = await ctx.db.query("instance_drives").unique();
        if (row !== null) await ctx.db.patch("instance_drives", row._id, { due_at: 1, lease: null });
      });
      await ada.t.mutation(internal.drives.sweep, {});
      await settle(ada.t);
    };
    await again();
    expect(await instance(ada)).toMatchObject({ status: "suspended", reason });
    api.answer = () => SETTLED;
    await again();
    expect(await instance(ada)).toMatchObject({ status: "suspended", reason });
    expect((await drive())?.due_at).toBeNull();
  });

  it("wakes by itself with credit, as a new generation, whatever kind of credit it is", async () => {
    const { ada } = await suspended();
    const before = await instance(ada);
    await ada.post("topup", 5);
    await settle(ada.t);
    expect(await instance(ada)).toMatchObject({
      instance_id: before.instance_id,
      status: "provisioning",
      desired: "running",
      generation: before.generation + 1,
    });
    expect(await watches(ada)).toBe(0);
  });

  it("wakes with a provider key of its owner's, and gets a new grace when that is taken away", async () => {
    const { ada } = await suspended();
    await ownKey(ada, "sk-own-key-of-the-owner");
    expect((await instance(ada)).status).toBe("provisioning");
    expect(await watches(ada)).toBe(0);
    await ownKey(ada, null);
    expect(await watches(ada)).toBe(1);
    expect((await instance(ada)).status).toBe("provisioning");
  });

  it("is not put to sleep where it runs on its owner's own keys", async () => {
    const { ada } = await owner();
    await ownKey(ada, "sk-own-key-of-the-owner");
    await spendAll(ada);
    await ada.t.mutation(internal.suspension.check, { user_id: ada.id });
    expect(await watches(ada)).toBe(0);
    expect((await ada.alerts()).map(({ kind }) => kind)).toEqual(["low_balance"]);
  });

  it("cannot be started while there is no credit: the refusal says what to do", async () => {
    const { ada } = await suspended();
    const wish = { user: ada.id, body: { desired: "running" } };
    const refusal = await ada.control.refusal(PATHS.instanceClaim, wish);
    expect([refusal.status, refusal.code]).toEqual([402, "insufficient_credits"]);
    expect(refusal.message).toContain("Top up");
    expect((await instance(ada)).status).toBe("suspended");
  });

  it("gets no second grace by being stopped and started", async () => {
    const { ada } = await suspended();
    await ada.control.claim(ada.id, "stopped");
    await ada.control.setStatus(ada.id, "stopped");
    await settle(ada.t);
    expect(
      await ada.control.refusal(PATHS.instanceClaim, { user: ada.id, body: { desired: "running" } }),
    ).toMatchObject({
      code: "insufficient_credits",
    });
    await ada.post("topup", 5);
    await settle(ada.t);
    // It was stopped by its owner: credit does not start it.
    expect((await instance(ada)).status).toBe("stopped");
    expect((await ada.control.claim(ada.id)).instance.status).toBe("provisioning");
  });

  it("can be deleted, and nothing is remembered of it", async () => {
    const { ada } = await suspended();
    await ada.control.claim(ada.id, "deleted");
    await ada.t.mutation(internal.suspension.check, { user_id: ada.id });
    expect(await watches(ada)).toBe(0);
    expect((await instance(ada)).status).toBe("deleting");
  });

  it("that is started by someone without credit has its grace from then on", async () => {
    await standInApi(() => LATER);
    const ada = await customer();
    await spendAll(ada);
    expect(await watches(ada)).toBe(0);
    await ada.control.claim(ada.id);
    await settle(ada.t);
    expect(await watches(ada)).toBe(1);
    expect((await ada.alerts()).map(({ title }) => title)).toContain("Your OpenClaw will be put to sleep");
  });

  it("sleeps at once where the operator gives no grace", async () => {
    vi.stubEnv("SUSPENSION_GRACE_HOURS", "0");
    const { ada } = await owner();
    await spendAll(ada);
    expect((await instance(ada)).status).toBe("suspended");
  });
});

it("users of a service that never gave them credit are left alone", async () => {
  await standInApi(() => LATER);
  const ada = await customer();
  await ada.control.claim("someone-of-a-service");
  await settle(ada.t);
  expect(await watches(ada)).toBe(0);
});
