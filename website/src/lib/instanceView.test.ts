import { InstanceStatus, type InstanceStep, type InstanceSummary, STEP_NAMES } from "@oa/contract/instance";
import { describe, expect, it } from "vitest";
import {
  hasNoInstance,
  isReachable,
  offeredActs,
  showsSteps,
  STATUS_VIEWS,
  statusMeaning,
  statusSince,
} from "./instanceView.ts";
import { stepDuration, stepsProgress } from "./stepsView.ts";

function step(index: number, change: Partial<InstanceStep>): InstanceStep {
  const name = STEP_NAMES[index] ?? "ready";
  return { name, state: "pending", detail: null, started_at: null, finished_at: null, ...change };
}

function instance(change: Partial<InstanceSummary>): InstanceSummary {
  return {
    instance_id: "abcdefgh",
    status: "ready",
    desired: "running",
    generation: 1,
    runtime_name: null,
    version: null,
    reason: null,
    steps: [],
    model_source: "credits",
    provider_keys: [],
    created_at: 0,
    updated_at: 500,
    last_ready_at: null,
    ...change,
  };
}

describe("a status on the page", () => {
  it("has one word of its own, so that colour never says it alone", () => {
    const words = InstanceStatus.options.map((status) => STATUS_VIEWS[status].word);
    expect(new Set(words).size).toBe(InstanceStatus.options.length);
  });

  it("does not call a gateway unwell that is down for a restore or a restart, nor asks for another restart", () => {
    expect(statusMeaning("degraded", null)).toMatch(/not well/);
    expect(statusMeaning("degraded", "backup")).toMatch(/not well/);
    expect(statusMeaning("degraded", "restore")).toMatch(/being restored/);
    expect(statusMeaning("degraded", "restart")).toMatch(/being restarted/);
    expect(statusMeaning("ready", "restore")).toBe(STATUS_VIEWS.ready.meaning);
  });

  it("is dated by when it became ready, not by the last write", () => {
    expect(statusSince(instance({ last_ready_at: 100 }))).toBe(100);
    expect(statusSince(instance({ status: "stopped", last_ready_at: 100 }))).toBe(500);
  });

  it.each(["ready", "degraded"] as const)("lets the runtime be asked when %s", (status) => {
    expect(isReachable(status)).toBe(true);
  });

  it("offers to create where there is none and where there was one", () => {
    expect(hasNoInstance(null)).toBe(true);
    expect(hasNoInstance(instance({ status: "deleted" }))).toBe(true);
    expect(hasNoInstance(instance({ status: "deleting" }))).toBe(false);
  });

  it("offers after a failure only what the wish that failed allows", () => {
    expect(offeredActs(instance({ status: "error" }))).toContain("retry");
    expect(offeredActs(instance({ status: "error", desired: "deleted" }))).toEqual(["delete"]);
    expect(offeredActs(instance({ status: "error", desired: "stopped" }))).toContain("stop");
    expect(showsSteps(instance({ status: "error" }))).toBe(true);
    expect(showsSteps(instance({ status: "error", desired: "deleted" }))).toBe(false);
  });
});

describe("the steps of setting up", () => {
  const running = instance({
    status: "provisioning",
    steps: [
      step(0, { state: "done", started_at: 1000, finished_at: 1400 }),
      step(1, { state: "skipped", started_at: 1400, finished_at: 1400 }),
      step(2, { state: "running", started_at: 1500 }),
      step(3, {}),
    ],
  });

  it("count what is over, name what runs, and go on counting the time", () => {
    expect(stepsProgress(running, 9000)).toMatchObject({
      done: 2,
      total: 4,
      elapsedMs: 8000,
      current: { name: "storage" },
    });
    expect(running.steps.map((each) => stepDuration(each, 9000))).toEqual([400, null, 7500, null]);
  });

  it("stop the clock where one failed", () => {
    const failed = instance({
      status: "error",
      steps: [
        step(0, { state: "done", started_at: 1000, finished_at: 1400 }),
        step(1, { state: "failed", started_at: 1400, finished_at: 3000 }),
        step(2, {}),
      ],
    });
    expect(stepsProgress(failed, 60_000)).toMatchObject({ elapsedMs: 2000, current: { state: "failed" } });
  });

  it("have no time before the first began, and none left once all are done", () => {
    expect(stepsProgress(instance({ steps: [step(0, {})] }), 9000).elapsedMs).toBeNull();
    const done = instance({ steps: [step(0, { state: "done", started_at: 1000, finished_at: 2500 })] });
    expect(stepsProgress(done, 9000)).toMatchObject({ current: null, elapsedMs: 1500 });
  });
});
