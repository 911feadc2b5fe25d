import { ApiError } from "@oa/contract";
import { expect, it } from "vitest";
import { Job, JobSlot } from "./jobs.ts";

const slotOf = (seen: (string | undefined)[]) => {
  const slot: JobSlot = new JobSlot(
    () => 1,
    () => seen.push(slot.current()?.phase),
  );
  return slot;
};

it("does one piece of work at a time, shows how far it is, and lets the same wish join", async () => {
  const seen: (string | undefined)[] = [];
  const slot = slotOf(seen);
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
  expect(slot.current()).toEqual({ kind: "restore", phase: "unpacking", startedAt: 1 });
  gate.resolve("done");
  expect(await Promise.all([first, second])).toEqual(["done", "done"]);
  expect(slot.current()).toBeNull();
  expect(await backup.run("", () => Promise.resolve("next"))).toBe("next");
  expect(seen.at(-1)).toBeUndefined();
});

it("waits for what it cancels to clean up", async () => {
  const slot = slotOf([]);
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
