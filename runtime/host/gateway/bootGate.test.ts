import { expect, it } from "vitest";
import { createBootGate } from "./bootGate.ts";

const wanted = () => new AbortController().signal;

/** Lets everything that can go on go on. */
const settle = () => new Promise((resolve) => setImmediate(resolve));

it("lets two boot at once and the others in their order", async () => {
  const gate = createBootGate(2);
  const entered: string[] = [];
  const leave = new Map<string, () => void>();
  for (const name of ["a", "b", "c", "d"]) {
    const enter = async () => {
      leave.set(name, await gate.enter(wanted()));
      entered.push(name);
    };
    void enter();
  }
  await settle();
  expect(entered).toEqual(["a", "b"]);
  leave.get("b")?.();
  // A second call of the same release makes no second place.
  leave.get("b")?.();
  await settle();
  expect(entered).toEqual(["a", "b", "c"]);
  leave.get("a")?.();
  await settle();
  expect(entered).toEqual(["a", "b", "c", "d"]);
});

it("takes one out of the line that is no longer wanted", async () => {
  const gate = createBootGate(1);
  const leave = await gate.enter(wanted());
  const second = new AbortController();
  const quitting = gate.enter(second.signal);
  const third = gate.enter(wanted());
  second.abort();
  await expect(quitting).rejects.toThrow("no longer wanted");
  leave();
  expect(typeof (await third)).toBe("function");
  await expect(gate.enter(AbortSignal.abort())).rejects.toThrow("aborted");
});
