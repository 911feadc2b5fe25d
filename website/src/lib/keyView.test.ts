import { describe, expect, it } from "vitest";
import type { ProvisionedKey } from "@oa/contract/keys";
import { microUsd } from "@oa/contract/money";
import { keyState, limitUse, limitWords, snippets } from "./keyView.ts";

const NOW = Date.parse("2026-11-21T12:00:00Z");
const MIDNIGHT = Date.parse("2026-11-22T00:00:00Z");

function key(change: Partial<ProvisionedKey>): ProvisionedKey {
  return {
    hash: "1111222233334444",
    name: "my-app",
    prefix: "sk-prov-Vb3q",
    instance_id: null,
    credit_limit_microusd: null,
    limit_reset: null,
    disabled: false,
    created_at: NOW,
    last_used_at: null,
    expires_at: null,
    rotated_at: null,
    revoked_at: null,
    usage_microusd: microUsd(9_000_000),
    usage_daily_microusd: microUsd(400_000),
    usage_weekly_microusd: microUsd(2_000_000),
    usage_monthly_microusd: microUsd(5_000_000),
    usage_day: "2026-11-21",
    held_microusd: microUsd(0),
    requests_count: 1,
    resets_at: null,
    ...change,
  };
}

const A_DOLLAR_A_DAY = {
  credit_limit_microusd: microUsd(1_000_000),
  limit_reset: "daily",
  resets_at: MIDNIGHT,
} as const;

describe("how a key stands", () => {
  it.each([
    ["active", {}],
    ["active", A_DOLLAR_A_DAY],
    ["spent", { ...A_DOLLAR_A_DAY, usage_daily_microusd: microUsd(1_000_000) }],
    ["spent", { ...A_DOLLAR_A_DAY, held_microusd: microUsd(600_000) }],
    ["spent", { credit_limit_microusd: microUsd(0) }],
    ["disabled", { disabled: true, credit_limit_microusd: microUsd(0) }],
    ["expired", { disabled: true, expires_at: NOW }],
    ["active", { expires_at: NOW + 1 }],
    ["revoked", { revoked_at: NOW, expires_at: NOW, disabled: true }],
  ] as const)("%s: %j", (state, change) => {
    expect(keyState(key(change), NOW)).toBe(state);
  });
});

describe("a key's limit", () => {
  it.each([
    ["daily", "$0.40 of $10.00 a day"],
    ["weekly", "$2.00 of $10.00 a week"],
    ["monthly", "$5.00 of $10.00 a month"],
    [null, "$9.00 of $10.00 in all"],
  ] as const)("counts what its own window has spent: %s", (limit_reset, words) => {
    expect(limitWords(key({ credit_limit_microusd: microUsd(10_000_000), limit_reset }), NOW)).toBe(words);
  });

  it("counts what is held as gone, and is never more than full", () => {
    const held = key({ ...A_DOLLAR_A_DAY, held_microusd: microUsd(100_000) });
    expect(limitUse(held, NOW)).toMatchObject({ used: 500_000, left: 500_000, percent: 50 });
    const over = key({ ...A_DOLLAR_A_DAY, usage_daily_microusd: microUsd(1_200_000) });
    expect(limitUse(over, NOW)).toMatchObject({ left: 0, percent: 100 });
  });

  it("begins anew by the clock, also where no call has come since", () => {
    const spent = key({ ...A_DOLLAR_A_DAY, usage_daily_microusd: microUsd(1_000_000) });
    expect(keyState(spent, MIDNIGHT - 1)).toBe("spent");
    expect(keyState(spent, MIDNIGHT)).toBe("active");
    expect(limitWords(spent, MIDNIGHT)).toBe("$0.00 of $1.00 a day");
  });

  it("is absent where there is none", () => {
    expect(limitUse(key({}), NOW)).toBeNull();
    expect(limitWords(key({}), NOW)).toBe("No limit of its own");
  });
});

it("code to paste has the address, names a model and reads the secret from the environment", () => {
  for (const text of Object.values(snippets("https://example.com/v1", "gpt-4o"))) {
    expect(text).toContain('"gpt-4o"');
    expect(text).toContain("https://example.com/v1");
    expect(text).toContain("OPENAI_API_KEY");
  }
});
