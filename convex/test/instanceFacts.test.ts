import { CONTROL_PATHS, ControlInstance } from "@oa/contract";
import { describe, expect, it } from "vitest";
import { internal } from "../_generated/api.js";
import { quiet } from "./timetable.testing.ts";

describe("what is known of a runtime", () => {
  it("is written without making a row: only a claim makes one", async () => {
    const { control } = await quiet();
    const body = { runtime_url: "https://runtime.example.com/i/1" };
    expect(await control.refusal(CONTROL_PATHS.instance, { user: "user-1", body })).toMatchObject({
      status: 404,
      code: "no_instance",
    });
    expect(await control.maybeInstance("user-1")).toBeNull();
  });

  it("fields left out stay, null clears", async () => {
    const { control } = await quiet();
    await control.claim("user-1");
    await control.upsert("user-1", { runtime_name: "oc-1", version: "2026.11.1", cf_worker_id: "w-1" });
    const after = await control.upsert("user-1", { version: null });
    expect(after).toMatchObject({ runtime_name: "oc-1", version: null, cf_worker_id: "w-1" });
  });

  it("two users can never share one runtime, however its address is written", async () => {
    const { control } = await quiet();
    await control.claim("user-1");
    await control.claim("user-2");
    await control.upsert("user-1", { runtime_url: "https://Runtime.example.com:443/shared/" });
    const body = { runtime_url: "https://runtime.example.com/shared" };
    expect(await control.refusal(CONTROL_PATHS.instance, { user: "user-2", body })).toMatchObject({
      status: 409,
      code: "taken",
    });
    expect((await control.instance("user-2")).runtime_url).toBeNull();
    expect((await control.upsert("user-1", body)).runtime_url).toBe(body.runtime_url);
  });

  it("a runtime of someone else's making is not given to another user with what the first left in it", async () => {
    const { control, t } = await quiet();
    const body = { runtime_url: "https://runtime.example.com/one" };
    await control.claim("user-1");
    await control.claim("user-2");
    await control.upsert("user-1", body);
    const release = async () => await t.mutation(internal.openclaw.releaseRuntime, { user_id: "user-1" });
    await expect(release()).rejects.toThrow(/conflict/);
    await control.claim("user-1", "deleted");
    await control.setStatus("user-1", "deleted");
    const take = { user: "user-2", body };
    expect(await control.refusal(CONTROL_PATHS.instance, take)).toMatchObject({ status: 409, code: "taken" });
    await control.claim("user-1");
    expect((await control.upsert("user-1", body)).runtime_url).toBe(body.runtime_url);
    await control.claim("user-1", "deleted");
    await control.setStatus("user-1", "deleted");
    // Its operator has emptied it, and says so.
    await release();
    expect((await control.upsert("user-2", body)).runtime_url).toBe(body.runtime_url);
  });

  it.each(["http://169.254.169.254/", "https://user:pass@example.com/", "http://runtime.example.com/"])(
    "%s is no address of a runtime, and nothing is written (R7)",
    async (runtime_url) => {
      const { control } = await quiet();
      await control.claim("user-1");
      const body = { runtime_url, runtime_name: "written anyway" };
      expect(await control.refusal(CONTROL_PATHS.instance, { user: "user-1", body })).toMatchObject({
        status: 400,
        code: "invalid_request",
      });
      expect(await control.instance("user-1")).toMatchObject({ runtime_url: null, runtime_name: null });
    },
  );

  it("of an older generation is refused", async () => {
    const { control } = await quiet();
    await control.claim("user-1");
    await control.claim("user-1", "stopped");
    expect(
      await control.refusal(CONTROL_PATHS.instance, { user: "user-1", body: { generation: 1, version: "1" } }),
    ).toMatchObject({
      status: 409,
      code: "stale_generation",
    });
  });

  it("what the control plane sees fits the contract exactly", async () => {
    const { control } = await quiet();
    await control.claim("user-1");
    const instance = await control.bringUp("user-1");
    expect(ControlInstance.strict().parse(instance)).toEqual(instance);
  });
});

describe("steps", () => {
  const step = (instance_id: string, name: string, state: string, detail: string | null = null, generation = 1) => ({
    body: { instance_id, generation, step: name, state, detail },
  });

  it("show what runs since when, what is done, and what failed and why", async () => {
    const { control } = await quiet();
    const { instance_id } = (await control.claim("user-1")).instance;
    await control.send(CONTROL_PATHS.instanceStep, step(instance_id, "service_token", "done"));
    await control.send(CONTROL_PATHS.instanceStep, step(instance_id, "storage", "skipped", "No bucket is configured."));
    await control.send(CONTROL_PATHS.instanceStep, step(instance_id, "runtime", "running", "The host is asked."));
    await control.send(CONTROL_PATHS.instanceStep, step(instance_id, "runtime", "failed", "The host refused."));
    const { steps } = await control.instance("user-1");
    expect(steps.slice(1, 6).map(({ state, detail }) => [state, detail])).toEqual([
      ["done", null],
      ["skipped", "No bucket is configured."],
      ["pending", null],
      ["failed", "The host refused."],
      ["pending", null],
    ]);
    expect(steps[4]?.finished_at).toBeGreaterThanOrEqual(steps[4]?.started_at ?? Number.NaN);
    expect(steps[5]).toMatchObject({ started_at: null, finished_at: null });
  });

  it("do not go back: what is done stays done when a later pass looks again", async () => {
    const { control } = await quiet();
    const { instance_id } = (await control.claim("user-1")).instance;
    await control.send(CONTROL_PATHS.instanceStep, step(instance_id, "runtime", "done"));
    const before = (await control.instance("user-1")).steps[4];
    await control.send(CONTROL_PATHS.instanceStep, step(instance_id, "runtime", "running", "again"));
    expect((await control.instance("user-1")).steps[4]).toEqual(before);
  });

  it("of an older generation are not recorded", async () => {
    const { control } = await quiet();
    const { instance_id } = (await control.claim("user-1")).instance;
    await control.claim("user-1", "stopped");
    await control.claim("user-1");
    const answer = await control.send(CONTROL_PATHS.instanceStep, step(instance_id, "runtime", "done", null, 1));
    expect(await answer.json()).toEqual({ ok: true, data: { recorded: false } });
    expect((await control.instance("user-1")).steps[4]?.state).toBe("pending");
  });

  it("that run when the instance fails are closed with its reason", async () => {
    const { control } = await quiet();
    const { instance_id } = (await control.claim("user-1")).instance;
    await control.send(CONTROL_PATHS.instanceStep, step(instance_id, "gateway_boot", "running"));
    const failed = await control.setStatus("user-1", "error", { reason: "It does not start." });
    expect(failed.steps[5]).toMatchObject({ state: "failed", detail: "It does not start." });
  });
});
