import { ACCOUNT_CONTROL_PATHS as PATHS, LIMIT_NAMES, type LimitCheck, LimitsResult } from "@oa/contract";
import { describe, expect, it } from "vitest";
import { LIMITS } from "../lib/limits.ts";
import { Control } from "./control.testing.ts";
import { setupTest } from "./setup.testing.ts";

const take = (control: Control, checks: LimitCheck[]) =>
  control.ask(LimitsResult, PATHS.accountLimits, { body: { checks } });

describe("attempts are counted", () => {
  it.each(LIMIT_NAMES)("%s: as many as the table says, then a wait", async (name) => {
    const control = new Control(setupTest());
    const { capacity, period, rate } = LIMITS[name];
    const began = Date.now();
    let refused = await take(control, [{ name, key: "k" }]);
    let taken = 0;
    for (; refused.allowed; refused = await take(control, [{ name, key: "k" }])) taken += 1;
    expect(taken).toBeGreaterThanOrEqual(capacity);
    // While they are taken, new ones come.
    expect(taken).toBeLessThanOrEqual(capacity + Math.ceil(((Date.now() - began) * rate) / period));
    const wait = refused.allowed ? Number.NaN : refused.retry_after_ms;
    expect(wait).toBeGreaterThan(0);
    expect(wait).toBeLessThanOrEqual(period / rate);
    expect(await take(control, [{ name, key: "somebody else" }])).toEqual({ allowed: true });
  });

  it("one that is refused is counted nowhere: an attacker does not use up a victim's address", async () => {
    const control = new Control(setupTest());
    const both = (email: string): LimitCheck[] => [
      { name: "sign_in_ip", key: "203.0.113.9" },
      { name: "sign_in_email", key: email },
    ];
    for (let count = 0; count < 5; count += 1) await take(control, both("a"));
    for (let count = 0; count < 20; count += 1) expect((await take(control, both("a"))).allowed).toBe(false);
    for (let count = 0; count < 5; count += 1) expect((await take(control, both("b"))).allowed).toBe(true);
  });

  it("attempts at once do not pass together", async () => {
    const control = new Control(setupTest());
    const all = await Promise.all(
      Array.from({ length: 12 }, () => take(control, [{ name: "sign_in_email", key: "k" }])),
    );
    expect(all.filter(({ allowed }) => allowed)).toHaveLength(5);
  });
});
