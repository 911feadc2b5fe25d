import { describe, expect, it } from "vitest";
import { planSuspension, type SuspensionFacts } from "./suspensionPlan.ts";

const HOUR = 60 * 60 * 1000;
const NOW = 1000 * HOUR;
const READY = { status: "ready", desired: "running", ownKeys: false } as const;
const SUSPENDED = { ...READY, status: "suspended" } as const;
const STOPPED = { status: "stopped", desired: "stopped", ownKeys: false } as const;
const FRESH = { since: NOW - HOUR, suspend_at: NOW + 71 * HOUR };
const OVER = { since: NOW - 73 * HOUR, suspend_at: NOW - HOUR };

function plan(facts: Partial<SuspensionFacts>) {
  return planSuspension({ empty: true, instance: READY, watch: null, now: NOW, graceMs: 72 * HOUR, ...facts });
}

describe("an OpenClaw that runs on credits", () => {
  it("is given the grace when they are gone, and its owner is told", () => {
    expect(plan({})).toEqual({
      watch: { since: NOW, suspend_at: NOW + 72 * HOUR, due_at: NOW + 72 * HOUR },
      act: "warn",
    });
  });

  it.each<[string, Partial<SuspensionFacts>, string]>([
    ["sleeps when the grace is over", { watch: OVER }, "suspend"],
    ["while it is set up, too", { watch: OVER, instance: { ...READY, status: "provisioning" } }, "suspend"],
    ["not before", { watch: FRESH }, "warn"],
    ["stays asleep", { watch: OVER, instance: SUSPENDED }, "none"],
    ["is left alone while it is stopped", { watch: OVER, instance: STOPPED }, "none"],
    ["is left alone where it failed", { watch: OVER, instance: { ...READY, status: "error" } }, "none"],
    ["at once where there is no grace", { graceMs: 0 }, "suspend"],
    ["wakes with credit", { empty: false, watch: OVER, instance: SUSPENDED }, "resume"],
    ["wakes with keys of its owner's", { watch: OVER, instance: { ...SUSPENDED, ownKeys: true } }, "resume"],
    ["goes on with credit", { empty: false, watch: FRESH }, "none"],
    ["goes on with keys of its owner's", { watch: OVER, instance: { ...READY, ownKeys: true } }, "none"],
    ["that is gone is nothing", { watch: OVER, instance: null }, "none"],
  ])("%s", (_title, facts, act) => {
    expect(plan(facts).act).toBe(act);
  });

  it("gets no new grace by being stopped and started", () => {
    expect(plan({ watch: OVER, instance: STOPPED }).watch).toMatchObject({
      since: OVER.since,
      suspend_at: OVER.suspend_at,
    });
  });

  it("is forgotten once there is credit, own keys, or no OpenClaw any more", () => {
    expect(plan({ empty: false, watch: OVER }).watch).toBeNull();
    expect(plan({ watch: OVER, instance: { ...READY, ownKeys: true } }).watch).toBeNull();
    expect(plan({ watch: OVER, instance: null }).watch).toBeNull();
  });
});
