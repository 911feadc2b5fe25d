import { microUsd } from "@oa/contract/money";
import type { AccountStanding } from "@oa/contract/usage";
import { expect, it } from "vitest";
import { creditTrouble } from "./creditTrouble.ts";

function standing(available: number, status: AccountStanding["status"] = "active"): AccountStanding {
  return {
    status,
    posted_microusd: microUsd(5_000_000),
    held_microusd: microUsd(5_000_000 - available),
    available_microusd: microUsd(available),
    lifetime_credit_microusd: microUsd(5_000_000),
    lifetime_debit_microusd: microUsd(0),
    open_holds: 1,
  };
}

it.each([
  ["nothing", standing(1_000_000), "ready", null],
  ["that little is left", standing(999_999), "ready", "low"],
  ["that nothing is left", standing(0), "ready", "empty"],
  ["that the OpenClaw sleeps for want of credits, before that there are none", standing(0), "suspended", "suspended"],
  ["that all is frozen, before everything else", standing(0, "frozen"), "suspended", "frozen"],
] as const)("a person is told %s", (_, account, status, trouble) => {
  expect(creditTrouble(account, { status })).toBe(trouble);
});

it("a person without an OpenClaw is told of their credits all the same", () => {
  expect(creditTrouble(standing(0), null)).toBe("empty");
});
