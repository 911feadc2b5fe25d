import { describe, expect, it } from "vitest";
import { internal } from "../_generated/api.js";
import { LEASE_MS } from "../lib/drivePlan.ts";
import { Control, until } from "./control.testing.ts";
import { type Answer, result, standInApi, subjectOf } from "./reconciler.testing.ts";
import { setupTest } from "./setup.testing.ts";
import { alter, atRest, LATER, timetable } from "./timetable.testing.ts";

describe("a wish is driven until it is fulfilled", () => {
  it("from Create to ready, call by call, then only looked at", async () => {
    const t = setupTest();
    const control = new Control(t);
    const api = await standInApi(async () => {
      if (api.calls.length === 1)
        return result({ outcome: "continue", after_ms: 10, reason: "The gateway is starting." });
      await control.storeSecret("user-1", "oc_svc_token", { if_absent: true });
      await control.upsert("user-1", { runtime_url: "http://127.0.0.1:8787/i/1" });
      return result({ outcome: "settled" });
    });
    const { instance } = await control.claim("user-1");
    const ready = await until("it is ready", async () => {
      const row = await control.instance("user-1");
      return row.status === "ready" ? row : undefined;
    });
    expect(ready.last_ready_at).not.toBeNull();
    expect(api.calls.map(subjectOf)).toEqual(
      Array.from({ length: 2 }, () => ({ instance_id: instance.instance_id, generation: 1 })),
    );
    const { due_at, attempts, deadline_at } = await timetable(t);
    expect(attempts).toBe(0);
    expect(deadline_at).toBeNull();
    expect(due_at).toBeGreaterThan(Date.now() + 30_000);
  });

  it("a host that is down: provisioning with the reason; ready when it is back", async () => {
    const t = setupTest();
    const control = new Control(t);
    const api = await standInApi(() => result({ outcome: "retry", reason: "The runtime host does not answer." }));
    await control.claim("user-1");
    const waiting = await until("the reason is on the row", async () => {
      const row = await control.instance("user-1");
      return row.reason === null ? undefined : row;
    });
    expect(waiting).toMatchObject({ status: "provisioning", reason: "The runtime host does not answer." });
    await control.storeSecret("user-1", "oc_svc_token");
    await control.upsert("user-1", { runtime_url: "http://127.0.0.1:8787/i/1" });
    api.answer = () => result({ outcome: "settled" });
    const ready = await until("it is ready", async () => {
      const row = await control.instance("user-1");
      return row.status === "ready" ? row : undefined;
    });
    expect(ready).toMatchObject({ generation: 1, reason: null });
  });

  it("an installation without an API says so on the row, and does not crash", async () => {
    const t = setupTest();
    const control = new Control(t);
    await control.claim("user-1");
    const row = await until("the reason is on the row", async () => {
      const found = await control.instance("user-1");
      return found.reason === null ? undefined : found;
    });
    expect(row.status).toBe("provisioning");
    expect(row.reason).toContain("OA_API_URL");
  });

  it("only a person can mend it: error with the reason, and nobody asks any more", async () => {
    const t = setupTest();
    const control = new Control(t);
    await standInApi(() => result({ outcome: "failed", reason: "The gateway refuses its configuration." }));
    await control.claim("user-1");
    const row = await until("it is given up", async () => {
      const found = await control.instance("user-1");
      return found.status === "error" ? found : undefined;
    });
    expect(row.reason).toBe("The gateway refuses its configuration.");
    expect(await timetable(t)).toMatchObject({ due_at: null, deadline_at: null, lease: null });
  });

  it("settled without a service token is not believed: a row without a token is never ready", async () => {
    const t = setupTest();
    const control = new Control(t);
    const api = await standInApi(() => result({ outcome: "settled" }));
    await control.claim("user-1");
    await until("it was asked", async () =>
      api.calls.length > 0 && (await timetable(t)).attempts > 0 ? true : undefined,
    );
    expect(await control.instance("user-1")).toMatchObject({
      status: "provisioning",
      reason: "The runtime has no service token yet.",
    });
  });

  it("a deletion is driven to its end, and ends the timetable", async () => {
    const t = setupTest();
    const control = new Control(t);
    const api = await standInApi(() => LATER);
    await control.claim("user-1");
    await control.bringUp("user-1");
    api.answer = () => result({ outcome: "settled" });
    await control.claim("user-1", "deleted");
    await until("it is deleted", async () =>
      (await control.maybeInstance("user-1"))?.status === "deleted" ? true : undefined,
    );
    expect(await t.run(async (ctx) => await ctx.db.query("instance_drives").collect())).toEqual([]);
  });
});

describe("one drive of an instance at a time", () => {
  it("a second one does nothing while the first is in flight", async () => {
    const t = setupTest();
    const control = new Control(t);
    let release: (answer: Answer) => void = () => undefined;
    const api = await standInApi(
      async () =>
        await new Promise<Answer>((resolve) => {
          release = resolve;
        }),
    );
    const { instance } = await control.claim("user-1");
    await until("the first is in flight", async () => (api.calls.length === 1 ? true : undefined));
    const { ticket } = await timetable(t);
    const subject = { instance_id: instance.instance_id, generation: 1, ticket };
    await Promise.all(Array.from({ length: 5 }, async () => await t.action(internal.drives.drive, subject)));
    expect(api.calls).toHaveLength(1);
    release(LATER);
    await atRest(t);
    expect(api.calls).toHaveLength(1);
  });

  it("one that is late, of another generation, or of no instance does nothing", async () => {
    const t = setupTest();
    const control = new Control(t);
    const api = await standInApi(() => LATER);
    const { instance } = await control.claim("user-1");
    await until("the first drive is over", async () => (api.calls.length === 1 ? true : undefined));
    await atRest(t);
    const { instance_id } = instance;
    const { ticket } = await timetable(t);
    await t.action(internal.drives.drive, { instance_id, generation: 1, ticket: ticket - 1 });
    await t.action(internal.drives.drive, { instance_id, generation: 7, ticket });
    await t.action(internal.drives.drive, { instance_id: "nobody0000", generation: 1, ticket });
    expect(api.calls).toHaveLength(1);
  });

  it("a wish that changes in flight: the old outcome is dropped, the new wish is driven at once", async () => {
    const t = setupTest();
    const control = new Control(t);
    let release: (answer: Answer) => void = () => undefined;
    const api = await standInApi(async (call) =>
      subjectOf(call).generation === 1
        ? await new Promise<Answer>((resolve) => {
            release = resolve;
          })
        : result({ outcome: "settled" }),
    );
    await control.claim("user-1");
    await until("the first is in flight", async () => (api.calls.length === 1 ? true : undefined));
    await control.claim("user-1", "stopped");
    await until("the stop was driven", async () =>
      (await control.instance("user-1")).status === "stopped" ? true : undefined,
    );
    const before = await timetable(t);
    release(result({ outcome: "failed", reason: "Of a life that is over." }));
    await t.finishInProgressScheduledFunctions();
    expect(await control.instance("user-1")).toMatchObject({ status: "stopped", generation: 2, reason: null });
    expect(await timetable(t)).toEqual(before);
  });
});

describe("nothing stays where a crash left it (R5)", () => {
  it("the scheduled drive was lost: the sweep begins it again", async () => {
    const t = setupTest();
    const control = new Control(t);
    const api = await standInApi(() => LATER);
    await control.claim("user-1");
    await until("the first drive is over", async () => (api.calls.length === 1 ? true : undefined));
    await atRest(t);
    await alter(t, { due_at: Date.now() - 10_000 });
    expect(await t.mutation(internal.drives.sweep, {})).toEqual({ driven: 1, expired: 0 });
    await until("it was driven", async () => (api.calls.length === 2 ? true : undefined));
  });

  it("the drive died in flight with its process: its job is over, so the sweep need not wait for the lease", async () => {
    const t = setupTest();
    const control = new Control(t);
    const api = await standInApi(() => LATER);
    const { instance } = await control.claim("user-1");
    await until("the first drive is over", async () => (api.calls.length === 1 ? true : undefined));
    await atRest(t);
    // As a process leaves it that is killed after `begin`: the lease is held, and the job that held it has ended.
    await t.run(async (ctx) => {
      const row = await ctx.db.query("instance_drives").unique();
      const ended = (await ctx.db.system.query("_scheduled_functions").collect()).find(
        ({ state }) => state.kind === "success",
      );
      if (row === null || ended === undefined) throw new Error("no drive has run");
      const expires_at = Date.now() + LEASE_MS;
      await ctx.db.patch("instance_drives", row._id, {
        job: ended._id,
        due_at: expires_at,
        lease: { id: "dead", expires_at },
      });
    });
    expect(await t.mutation(internal.drives.sweep, {})).toEqual({ driven: 1, expired: 0 });
    await until("it was driven again", async () => (api.calls.length === 2 ? true : undefined));
    await atRest(t);
    const late = { instance_id: instance.instance_id, generation: 1, lease_id: "dead" };
    const outcome = { outcome: "failed", reason: "Late." } as const;
    expect(await t.mutation(internal.drives.finish, { ...late, outcome })).toEqual({ applied: false });
    expect((await control.instance("user-1")).status).toBe("provisioning");
  });

  it("a drive in flight is left alone by the sweep until its lease lapses", async () => {
    const t = setupTest();
    const control = new Control(t);
    const api = await standInApi(() => LATER);
    const { instance } = await control.claim("user-1");
    await until("the first drive is over", async () => (api.calls.length === 1 ? true : undefined));
    await atRest(t);
    const { ticket } = await timetable(t);
    const subject = { instance_id: instance.instance_id, generation: 1 };
    expect(await t.mutation(internal.drives.begin, { ...subject, ticket, lease_id: "slow" })).toEqual({ begun: true });
    const held = await timetable(t);
    expect(held.due_at).toBe(held.lease?.expires_at);
    expect(held.due_at).toBeGreaterThan(Date.now() + LEASE_MS - 5000);
    expect(await t.mutation(internal.drives.sweep, {})).toEqual({ driven: 0, expired: 0 });
    const past = Date.now() - 5000;
    await alter(t, { due_at: past, lease: { id: "slow", expires_at: past } });
    let release: (answer: Answer) => void = () => undefined;
    api.answer = async () =>
      await new Promise<Answer>((resolve) => {
        release = resolve;
      });
    expect(await t.mutation(internal.drives.sweep, {})).toEqual({ driven: 1, expired: 0 });
    await until("it was driven again", async () => (api.calls.length === 2 ? true : undefined));
    // The slow one wakes up while its successor is in flight: its word counts no more.
    const outcome = { outcome: "failed", reason: "Late." } as const;
    expect(await t.mutation(internal.drives.finish, { ...subject, lease_id: "slow", outcome })).toEqual({
      applied: false,
    });
    release(LATER);
    await atRest(t);
    expect((await control.instance("user-1")).status).toBe("provisioning");
  });

  it("provisioning without progress for 30 minutes becomes error, with a sentence and a line in the audit log", async () => {
    const t = setupTest();
    const control = new Control(t);
    await standInApi(() => LATER);
    const { instance } = await control.claim("user-1");
    await atRest(t);
    const { deadline_at } = await timetable(t);
    expect(deadline_at).toBeGreaterThan(instance.created_at + 29 * 60_000);
    expect(deadline_at).toBeLessThan(instance.created_at + 31 * 60_000);
    expect((await t.mutation(internal.drives.sweep, {})).expired).toBe(0);

    await alter(t, { deadline_at: Date.now() - 1 });
    expect((await t.mutation(internal.drives.sweep, {})).expired).toBe(1);
    const row = await control.instance("user-1");
    expect(row.status).toBe("error");
    expect(row.reason).toContain("no progress for 30 minutes");
    expect(await timetable(t)).toMatchObject({ due_at: null, deadline_at: null });
    const lines = await t.run(async (ctx) => await ctx.db.query("audit_log").collect());
    expect(lines).toMatchObject([
      { action: "instance.give_up", subject_user_id: "user-1", via: "system", result: "failed" },
    ]);
    expect(await t.mutation(internal.drives.sweep, {})).toEqual({ driven: 0, expired: 0 });
  });

  it("a step that goes forward is progress: the 30 minutes begin again; the same step said twice is none", async () => {
    const t = setupTest();
    const control = new Control(t);
    await standInApi(() => LATER);
    const { instance } = await control.claim("user-1");
    await atRest(t);
    const soon = Date.now() + 1000;
    const record = async (detail: string) => {
      await t.mutation(internal.instanceSteps.recordStep, {
        instance_id: instance.instance_id,
        generation: 1,
        step: "gateway_boot",
        state: "running",
        detail,
      });
    };
    await alter(t, { deadline_at: soon });
    await record("The gateway is starting.");
    expect((await timetable(t)).deadline_at).toBeGreaterThan(soon + 29 * 60_000);
    await alter(t, { deadline_at: soon });
    await record("The gateway is still starting.");
    expect((await timetable(t)).deadline_at).toBe(soon);
  });

  it("rows that fail again and again do not keep others from their turn", async () => {
    const t = setupTest();
    const now = Date.now();
    await t.run(async (ctx) => {
      for (let index = 0; index < 130; index += 1) {
        await ctx.db.insert("instance_drives", {
          instance_id: `inst${String(index).padStart(6, "0")}`,
          generation: 1,
          due_at: now - 1_000_000 + index,
          attempts: 0,
          ticket: 1,
          job: null,
          lease: null,
          again: false,
          deadline_at: null,
        });
      }
    });
    expect((await t.mutation(internal.drives.sweep, {})).driven).toBe(100);
    const left = await t.run(
      async (ctx) =>
        await ctx.db
          .query("instance_drives")
          .withIndex("by_due_at", (q) => q.gte("due_at", 0))
          .take(30),
    );
    expect(left.map(({ instance_id }) => instance_id).sort()[0]).toBe("inst000100");
  });
});
