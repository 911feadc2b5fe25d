import { describe, expect, it } from "vitest";
import { Control, until } from "./control.testing.ts";
import { type Answer, result, standInApi, subjectOf } from "./reconciler.testing.ts";
import { setupTest, type TestDeployment } from "./setup.testing.ts";
import { atRest, LATER } from "./timetable.testing.ts";

describe("what a fleet reports by itself", () => {
  const report = (instance_id: string, gateway: string, more: Record<string, unknown> = {}) => ({
    body: {
      instance_id,
      generation: 1,
      observed_at: Date.now(),
      gateway: { status: gateway, reason: null },
      ...more,
    },
  });
  const OBSERVED = "/control/openclaw/instance/observed";

  it("the gateway is up: the reconciler is asked at once, not at its own time", async () => {
    const t = setupTest();
    const control = new Control(t);
    const api = await standInApi(() => LATER);
    const { instance } = await control.claim("user-1");
    await until("the first drive is over", async () => (api.calls.length === 1 ? true : undefined));
    await atRest(t);
    await control.send(OBSERVED, report(instance.instance_id, "running"));
    await until("it was asked again", async () => (api.calls.length === 2 ? true : undefined));
    expect(api.calls.map(subjectOf)).toEqual(
      Array.from({ length: 2 }, () => ({ instance_id: instance.instance_id, generation: 1 })),
    );
  });

  it("a report during a drive in flight: another drive follows as soon as that one ends", async () => {
    const t = setupTest();
    const control = new Control(t);
    let release: (answer: Answer) => void = () => undefined;
    const api = await standInApi(async () => {
      if (api.calls.length > 1) return LATER;
      return await new Promise<Answer>((resolve) => {
        release = resolve;
      });
    });
    const { instance } = await control.claim("user-1");
    await until("the first is in flight", async () => (api.calls.length === 1 ? true : undefined));
    await control.send(OBSERVED, report(instance.instance_id, "running"));
    expect(api.calls).toHaveLength(1);
    release(LATER);
    await until("it was asked again", async () => (api.calls.length === 2 ? true : undefined));
  });

  it("the gateway goes and comes: degraded with the reason, then ready with a new last_ready_at", async () => {
    const t = setupTest();
    const control = new Control(t);
    const api = await standInApi(() => LATER);
    const { instance } = await control.claim("user-1");
    await until("the first drive is over", async () => (api.calls.length === 1 ? true : undefined));
    await atRest(t);
    api.answer = () => result({ outcome: "retry", reason: "It ran out of memory." });
    const ready = await control.bringUp("user-1");
    const gone = { gateway: { status: "error", reason: "It ran out of memory." } };
    await control.send(OBSERVED, report(instance.instance_id, "error", gone));
    expect(await control.instance("user-1")).toMatchObject({ status: "degraded", reason: "It ran out of memory." });
    api.answer = () => result({ outcome: "settled" });
    await control.send(OBSERVED, report(instance.instance_id, "running"));
    const back = await control.instance("user-1");
    expect(back).toMatchObject({ status: "ready", reason: null });
    expect(back.last_ready_at).toBeGreaterThanOrEqual(ready.last_ready_at ?? Number.NaN);
  });

  it.each([
    ["of an older generation", { generation: 1 }],
    ["of a newer one than there is", { generation: 9 }],
    ["older than the last", { generation: 2, observed_at: 1000 }],
    ["of an instance that is not there", { generation: 2, instance_id: "nobody0000" }],
  ])("a report %s is not accepted, and changes nothing", async (_name, change) => {
    const t = setupTest();
    const control = new Control(t);
    const api = await standInApi(() => LATER);
    const { instance } = await control.claim("user-1");
    await control.setStatus("user-1", "error");
    await control.claim("user-1");
    await until("both are driven", async () =>
      api.calls.some((call) => subjectOf(call).generation === 2) ? true : undefined,
    );
    await atRest(t);
    await control.bringUp("user-1");
    await control.send(OBSERVED, report(instance.instance_id, "running", { generation: 2 }));
    const before = await t.run(async (ctx) => await ctx.db.query("instance_observations").collect());
    const answer = await control.send(OBSERVED, report(instance.instance_id, "stopped", change));
    expect(await answer.json()).toEqual({ ok: true, data: { accepted: false } });
    expect(await t.run(async (ctx) => await ctx.db.query("instance_observations").collect())).toEqual(before);
    expect((await control.instance("user-1")).status).toBe("ready");
  });

  it("a clock that runs ahead does not shut out the reports after it", async () => {
    const t = setupTest();
    const control = new Control(t);
    await standInApi(() => LATER);
    const { instance } = await control.claim("user-1");
    await control.send(OBSERVED, report(instance.instance_id, "starting", { observed_at: Date.now() + 3_600_000 }));
    const answer = await control.send(OBSERVED, report(instance.instance_id, "running"));
    expect(await answer.json()).toEqual({ ok: true, data: { accepted: true } });
  });

  describe("of long work", () => {
    const running = (phase: string) => ({ id: "job-1", kind: "backup", phase, startedAt: 4_000 });
    const ended = (reason: string | null) => ({
      id: "job-1",
      kind: "backup",
      startedAt: 4_000,
      endedAt: 9_000,
      result: reason === null ? "done" : "failed",
      reason,
    });
    const seen = async (t: TestDeployment) =>
      await t.run(async (ctx) => (await ctx.db.query("instance_observations").unique())?.jobs);

    it("a report that is lost is made good by the next, which is whole", async () => {
      const t = setupTest();
      const control = new Control(t);
      await standInApi(() => LATER);
      const { instance } = await control.claim("user-1");
      const work = (jobs: object) => control.send(OBSERVED, report(instance.instance_id, "running", { jobs }));
      await work({ at: 5_000, running: running("verifying"), last: null });
      expect(await seen(t)).toEqual({ at: 5_000, running: running("verifying"), last: null });
      // What said that it was written, and what said that it ended, were lost: the next report says the same.
      await work({ at: 12_000, running: null, last: ended("The disk is full.") });
      expect(await seen(t)).toEqual({ at: 12_000, running: null, last: ended("The disk is full.") });
    });

    it("a report without it leaves it as it is", async () => {
      const t = setupTest();
      const control = new Control(t);
      await standInApi(() => LATER);
      const { instance } = await control.claim("user-1");
      const jobs = { at: 5_000, running: null, last: ended(null) };
      await control.send(OBSERVED, report(instance.instance_id, "running", { jobs }));
      await control.send(OBSERVED, report(instance.instance_id, "running"));
      expect(await seen(t)).toEqual(jobs);
    });

    it("its end is taken from a host whose clock is behind the Worker's, and its gateway's state is not", async () => {
      const t = setupTest();
      const control = new Control(t);
      await standInApi(() => LATER);
      const { instance } = await control.claim("user-1");
      await control.bringUp("user-1");
      const mirrored = { jobs: { at: 5_000, running: running("verifying"), last: null } };
      await control.send(OBSERVED, report(instance.instance_id, "running", mirrored));
      const late = { observed_at: 9_100, jobs: { at: 9_100, running: null, last: ended(null) } };
      const answer = await control.send(OBSERVED, report(instance.instance_id, "error", late));
      expect(await answer.json()).toEqual({ ok: true, data: { accepted: true } });
      expect((await seen(t))?.last).toEqual(ended(null));
      expect((await control.instance("user-1")).status).toBe("ready");
      const older = { observed_at: 9_050, jobs: { at: 9_050, running: running("verifying"), last: null } };
      const refused = await control.send(OBSERVED, report(instance.instance_id, "running", older));
      expect(await refused.json()).toEqual({ ok: true, data: { accepted: false } });
      expect((await seen(t))?.running).toBeNull();
    });
  });
});
