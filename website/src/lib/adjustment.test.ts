import { expect, it } from "vitest";
import { adjustmentErrors, adjustmentUsd } from "./adjustment.ts";

it.each([
  [{ direction: "add", amount: 10, reason: "a gift" }, 10],
  [{ direction: "take", amount: 0.000001, reason: "a gift" }, -0.000001],
  [{ direction: "add", amount: "", reason: "a gift" }, null],
  [{ direction: "add", amount: 0, reason: "a gift" }, null],
  [{ direction: "take", amount: 10_000.01, reason: "a gift" }, null],
] as const)("an adjustment of %j moves %s dollars", (fields, usd) => {
  expect(adjustmentUsd(fields)).toBe(usd);
  expect(adjustmentErrors(fields).amount === undefined).toBe(usd !== null);
});

it("an adjustment needs a reason", () => {
  expect(adjustmentErrors({ direction: "add", amount: 1, reason: " ok " })).toHaveProperty("reason");
  expect(adjustmentErrors({ direction: "add", amount: 1, reason: "sorry" })).toEqual({});
});
