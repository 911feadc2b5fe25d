import { ApiError } from "@oa/contract";
import { expect, it } from "vitest";
import { Job, type JobMemory, JobSlot } from "./jobs.ts";

/** A slot whose clock steps with each look, and what it remembers. */
const slotOf = (seen: (string | undefined)[], memory: JobMemory = { running: null, last: null }) => {
  let now = 0;
  const kept = { ...memory };
  const slot: JobSlot = new JobSlot({
    now: () => (now += 1),
    changed: () => seen.push(slot.report().running?.phase),
    memory: { read: () => kept, write: (next) => Object.assign(kept, next) },
    sentence: (error) => (error instanceof ApiError ? error.message : "unforeseen"),
  });
  return { slot, kept };
};

it("does one piece of work at a time, shows how far it is, and lets the same wish join", async () => {
  const seen: (string | undefined)[] = [];
  const { slot } = slotOf(seen);
  const restore = new Job<string>(slot, "restore");
  const backup = new Job<string>(slot, "backup");
  const gate = Promise.withResolvers<string>();
  const first = restore.run("a", async (job) => {
    job.phase("unpacking");
    return gate.promise;
  });
  const second = restore.run("a", () => Promise.resolve("never started"));
  await expect(restore.run("b", () => Promise.resolve("x"))).rejects.toMatchObject({ code: "busy" });
  await expect(backup.run("", () => Promise.resolve("x"))).rejects.toMatchObject({ code: "busy" });
  expect(slot.report().running).toMatchObject({ kind: "restore", phase: "unpacking", startedAt: 1 });
  gate.resolve("done");
  expect(await Promise.all([first, second])).toEqual(["done", "done"]);
  expect(slot.report().running).toBeNull();
  expect(await backup.run("", () => Promise.resolve("next"))).toBe("next");
  expect(seen.at(-1)).toBeUndefined();
});

it("waits for what it cancels to clean up", async () => {
  const { slot } = slotOf([]);
  const backup = new Job<string>(slot, "backup");
  const steps: string[] = [];
  const running = backup.run("", async (job) => {
    await new Promise((resolve) => job.signal.addEventListener("abort", resolve, { once: true }));
    await Promise.resolve();
    steps.push("cleaned up");
    job.phase("next");
    return "never";
  });
  await slot.cancel(new ApiError("conflict", "The instance is being deleted."));
  expect(steps).toEqual(["cleaned up"]);
  await expect(running).rejects.toThrow("being deleted");
});

it("says how the last one ended, under the id it ran with", async () => {
  const { slot, kept } = slotOf([]);
  const restart = new Job<string>(slot, "restart");
  expect(slot.report()).toMatchObject({ running: null, last: null });
  let id: string | undefined;
  await restart.run("", async () => {
    await Promise.resolve();
    id = slot.report().running?.id;
    expect(kept.running?.id).toBe(id);
    return "well";
  });
  expect(slot.report().last).toMatchObject({ id, kind: "restart", result: "done", reason: null });
  const refused = restart.run("", () =>
    Promise.reject(new ApiError("gateway_unavailable", "It refuses its configuration.")),
  );
  await expect(refused).rejects.toThrow("refuses");
  const { last } = slot.report();
  expect(last).toMatchObject({ result: "failed", reason: "It refuses its configuration." });
  expect(last?.endedAt).toBeGreaterThan(last?.startedAt ?? Number.NaN);
  expect(last?.id).not.toBe(id);
  expect(kept).toEqual({ running: null, last });
});

it.each([
  ["failed", "The machine it ran on was restarted before it was done."],
  ["done", null],
] as const)("work that a host left behind has ended with it: %s", (result, reason) => {
  const running = { id: "job-1", kind: "restore", phase: "starting", startedAt: 0 } as const;
  const { slot } = slotOf([], { running, last: null });
  slot.recover(result);
  expect(slot.report()).toMatchObject({ running: null, last: { id: "job-1", kind: "restore", result, reason } });
});
