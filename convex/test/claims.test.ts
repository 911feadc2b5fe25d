import { CONTROL_PATHS, STEP_NAMES } from "@oa/contract";
import { describe, expect, it } from "vitest";
import { quiet } from "./timetable.testing.ts";

describe("a user creates their OpenClaw", () => {
  it("gets one row that is being provisioned, with the claim done and seven steps ahead", async () => {
    const { control } = await quiet();
    const { instance, changed } = await control.claim("user-1");
    expect(changed).toBe(true);
    expect(instance).toMatchObject({ user_id: "user-1", status: "provisioning", desired: "running", generation: 1 });
    expect(instance.steps.map(({ name }) => name)).toEqual([...STEP_NAMES]);
    expect(instance.steps.map(({ state }) => state)).toEqual(["done", ...Array.from({ length: 7 }, () => "pending")]);
    expect(instance.last_ready_at).toBeNull();
  });

  it("presses Create twenty times at once: one row, one id, one change", async () => {
    const { t, control } = await quiet();
    const claims = await Promise.all(Array.from({ length: 20 }, async () => await control.claim("user-1")));
    expect(new Set(claims.map(({ instance }) => instance.instance_id)).size).toBe(1);
    expect(claims.filter(({ changed }) => changed)).toHaveLength(1);
    expect(await t.run(async (ctx) => await ctx.db.query("openclaw_instances").collect())).toHaveLength(1);
    expect(await t.run(async (ctx) => await ctx.db.query("instance_drives").collect())).toHaveLength(1);
    expect(await t.run(async (ctx) => await ctx.db.query("instance_steps").collect())).toHaveLength(8);
  });

  it("presses it again when it is ready: the same row, nothing begun anew", async () => {
    const { control } = await quiet();
    await control.claim("user-1");
    const ready = await control.bringUp("user-1");
    const again = await control.claim("user-1");
    expect(again).toEqual({ instance: ready, changed: false });
  });

  it("three users whose ids look alike get three ids that have nothing of theirs (R4)", async () => {
    const { control } = await quiet();
    const users = ["a_b", "a.b", "a-b"];
    const ids = await Promise.all(users.map(async (user) => (await control.claim(user)).instance.instance_id));
    expect(new Set(ids).size).toBe(3);
    for (const id of ids) expect(id).toMatch(/^[a-z2-7]{26}$/);
  });
});

describe("a user changes their mind", () => {
  it("stops and starts: each wish is a generation, and the steps begin anew", async () => {
    const { control } = await quiet();
    await control.claim("user-1");
    const ready = await control.bringUp("user-1");
    const stopping = (await control.claim("user-1", "stopped")).instance;
    expect(stopping).toMatchObject({ status: "stopping", desired: "stopped", generation: 2, steps: [] });
    const stopped = await control.setStatus("user-1", "stopped");
    expect((await control.claim("user-1", "stopped")).changed).toBe(false);
    const started = (await control.claim("user-1")).instance;
    expect(started).toMatchObject({ status: "provisioning", generation: 3, instance_id: ready.instance_id });
    expect(started.steps.filter(({ state }) => state === "done").map(({ name }) => name)).toEqual(["claim"]);
    expect(started.last_ready_at).toBe(stopped.last_ready_at);
  });

  it("retries after an error: the same instance, a new generation, the old reason gone", async () => {
    const { control } = await quiet();
    await control.claim("user-1");
    await control.setStatus("user-1", "error", { reason: "The configuration is refused." });
    const { instance, changed } = await control.claim("user-1");
    expect(changed).toBe(true);
    expect(instance).toMatchObject({ status: "provisioning", generation: 2, reason: null });
  });

  it("deletes: a command of the life before is refused, and nothing of it comes back (ABA)", async () => {
    const { control } = await quiet();
    const before = (await control.claim("user-1")).instance;
    await control.bringUp("user-1");
    await control.claim("user-1", "deleted");
    await control.setStatus("user-1", "deleted");
    const after = (await control.claim("user-1")).instance;
    expect(after.instance_id).not.toBe(before.instance_id);
    expect(after).toMatchObject({
      generation: 3,
      status: "provisioning",
      runtime_url: null,
      has_service_token: false,
      last_ready_at: null,
    });
    expect(
      await control.refusal(CONTROL_PATHS.instanceById, { query: { instance_id: before.instance_id } }),
    ).toMatchObject({ status: 404 });
    expect(
      await control.refusal(CONTROL_PATHS.instanceStatus, { user: "user-1", body: { status: "error", generation: 2 } }),
    ).toMatchObject({ status: 409, code: "stale_generation", details: { given: 2, current: 3 } });
  });

  it("creates again while the deletion is under way: is told to wait", async () => {
    const { control } = await quiet();
    await control.claim("user-1");
    await control.claim("user-1", "deleted");
    expect(
      await control.refusal(CONTROL_PATHS.instanceClaim, { user: "user-1", body: { desired: "running" } }),
    ).toMatchObject({
      status: 409,
      code: "conflict",
      message: "This OpenClaw is being deleted. Create a new one when that is done.",
    });
  });

  it.each(["stopped", "deleted"] as const)("wishes %s without having one: there is no instance", async (desired) => {
    const { control } = await quiet();
    expect(await control.refusal(CONTROL_PATHS.instanceClaim, { user: "user-1", body: { desired } })).toMatchObject({
      status: 404,
      code: "no_instance",
    });
    expect(await control.maybeInstance("user-1")).toBeNull();
  });
});

describe("deleting leaves nothing behind", () => {
  it("no secret, no address, no outside id, no report, no timetable; the row and its number stay", async () => {
    const { t, control } = await quiet();
    const { instance } = await control.claim("user-1");
    await control.storeSecret("user-1", JSON.stringify({ openai: "sk-1" }), { key: "provider_keys" });
    await control.storeSecret("user-1", "sk-prov-1", { key: "inference_key" });
    await control.bringUp("user-1");
    await control.upsert("user-1", {
      r2_bucket_name: "bucket",
      cf_worker_id: "w",
      gateway_url: "https://gw.example.com/",
    });
    await control.send(CONTROL_PATHS.instanceObserved, {
      body: {
        instance_id: instance.instance_id,
        generation: 1,
        observed_at: Date.now(),
        gateway: { status: "running", reason: null },
      },
    });
    await control.claim("user-1", "deleted");
    await control.setStatus("user-1", "deleted");
    const rows = await t.run(async (ctx) => ({
      instance: await ctx.db.query("openclaw_instances").unique(),
      drives: await ctx.db.query("instance_drives").collect(),
      observations: await ctx.db.query("instance_observations").collect(),
    }));
    expect(rows.drives).toEqual([]);
    expect(rows.observations).toEqual([]);
    expect(Object.keys(rows.instance ?? {}).sort()).toEqual([
      "_creationTime",
      "_id",
      "created_at",
      "desired",
      "generation",
      "inference_key_version",
      "instance_id",
      "last_ready_at",
      "provider_keys_version",
      "service_token_version",
      "status",
      "updated_at",
      "user_id",
    ]);
  });
});

describe("the status is what was found, and only that (R6)", () => {
  it("ready needs a token and an address", async () => {
    const { control } = await quiet();
    await control.claim("user-1");
    const ready = { user: "user-1", body: { status: "ready" } };
    expect(await control.refusal(CONTROL_PATHS.instanceStatus, ready)).toMatchObject({
      status: 409,
      code: "runtime_not_ready",
    });
    await control.storeSecret("user-1", "oc_svc_token");
    expect(await control.refusal(CONTROL_PATHS.instanceStatus, ready)).toMatchObject({
      status: 409,
      code: "runtime_not_ready",
    });
    expect((await control.bringUp("user-1")).status).toBe("ready");
  });

  it("ready sets last_ready_at and closes the stepper", async () => {
    const { control } = await quiet();
    await control.claim("user-1");
    const ready = await control.bringUp("user-1");
    expect(ready.last_ready_at).toBeGreaterThanOrEqual(ready.created_at);
    expect(ready.steps.at(-1)).toMatchObject({ name: "ready", state: "done" });
  });

  it("any status does not follow any other", async () => {
    const { control } = await quiet();
    await control.claim("user-1");
    for (const status of ["deleted", "stopped", "degraded"]) {
      expect(await control.refusal(CONTROL_PATHS.instanceStatus, { user: "user-1", body: { status } })).toMatchObject({
        status: 409,
        code: "invalid_transition",
        details: { from: "provisioning", to: status },
      });
    }
    expect((await control.instance("user-1")).status).toBe("provisioning");
  });

  it("what an owner has to wish cannot be set behind their back", async () => {
    const { control } = await quiet();
    await control.claim("user-1");
    await control.bringUp("user-1");
    for (const status of ["deleting", "stopping"]) {
      const refused = await control.refusal(CONTROL_PATHS.instanceStatus, { user: "user-1", body: { status } });
      expect(refused).toMatchObject({ status: 409, code: "invalid_transition" });
      expect(refused.message).toContain("claim it instead");
    }
  });

  it("the same status again only brings its reason up to date", async () => {
    const { control } = await quiet();
    await control.claim("user-1");
    await control.bringUp("user-1");
    const first = await control.setStatus("user-1", "degraded", { reason: "Away." });
    const second = await control.setStatus("user-1", "degraded", { reason: "Still away." });
    expect([first.reason, second.reason]).toEqual(["Away.", "Still away."]);
    expect(second.status).toBe("degraded");
  });
});
