import { microUsd } from "@oa/contract/money";
import { expect, it } from "vitest";
import { daysOfUse } from "./usageView.ts";

it("a day without a call stands between those with one, as nothing", () => {
  const sums = { requests: 2, input_tokens: 30, cached_tokens: 10, output_tokens: 5, cost_microusd: microUsd(4_200) };
  const days = daysOfUse({
    from: "2026-02-27",
    to: "2026-03-01",
    items: [
      { group: "2026-03-01", label: "2026-03-01", ...sums },
      { group: "2026-02-27", label: "2026-02-27", ...sums },
    ],
    total: sums,
  });
  expect(days).toEqual([
    { day: "2026-02-27", cost: 0.0042, calls: 2, tokens: 35 },
    { day: "2026-02-28", cost: 0, calls: 0, tokens: 0 },
    { day: "2026-03-01", cost: 0.0042, calls: 2, tokens: 35 },
  ]);
});
