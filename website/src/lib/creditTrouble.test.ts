import { microUsd } from "@oa/contract/money";
import { expect, it } from "vitest";
import { creditTrouble, troubleWords } from "./creditTrouble.ts";

const ENOUGH = { status: "active", balance_level: "enough" } as const;
const EMPTY = { status: "active", balance_level: "empty" } as const;

it.each([
  ["nothing", ENOUGH, "ready", null],
  ["that little is left", { ...ENOUGH, balance_level: "low" }, "ready", "low"],
  ["that nothing is left", EMPTY, "ready", "empty"],
  ["that the OpenClaw sleeps for want of credits, before that there are none", EMPTY, "suspended", "suspended"],
  ["that all is frozen, before everything else", { ...EMPTY, status: "frozen" }, "suspended", "frozen"],
] as const)("a person is told %s", (_, account, status, trouble) => {
  expect(creditTrouble(account, { status })).toBe(trouble);
});

it("a person without an OpenClaw is told of their credits all the same", () => {
  expect(creditTrouble(EMPTY, null)).toBe("empty");
});

it("who has little left is told how much it is", () => {
  expect(troubleWords("low", { available_microusd: microUsd(420_000) }).short).toBe(
    "$0.42 is left. Calls that could cost more than that are refused.",
  );
});
