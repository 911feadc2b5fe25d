import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type GrantFacts, unspentOf } from "./grantLapse.ts";

function grant(id: string, amount: number, baseline: number, more: Partial<GrantFacts> = {}): GrantFacts {
  return { id, amount, baseline, priority: 10, expiresAt: 100, createdAt: baseline, lapse: null, ...more };
}

describe("what is left of a grant", () => {
  it("is all of it where nothing was spent since, however much was before", () => {
    expect(unspentOf([grant("a", 500, 900)], "a", 900)).toBe(500);
  });

  it("is what spending since has left, and never less than nothing", () => {
    expect(unspentOf([grant("a", 500, 100)], "a", 300)).toBe(300);
    expect(unspentOf([grant("a", 500, 100)], "a", 9000)).toBe(0);
  });

  it("of two is spent in turn: the sooner lapsing one first", () => {
    const grants = [grant("late", 500, 0, { expiresAt: 200 }), grant("soon", 500, 0, { expiresAt: 100 })];
    expect(unspentOf(grants, "soon", 600)).toBe(0);
    expect(unspentOf(grants, "late", 600)).toBe(400);
  });

  it("that comes first in the order leaves to others what was spent before it was given", () => {
    const grants = [grant("welcome", 500, 0, { priority: 20, expiresAt: null }), grant("month", 300, 400)];
    expect(unspentOf(grants, "month", 600)).toBe(100);
    expect(unspentOf(grants, "welcome", 600)).toBe(100);
  });

  it("is not made less by what was taken back from another", () => {
    const lapsed = grant("october", 300, 0, { lapse: { amount: 200, atDebit: 100 } });
    expect(unspentOf([lapsed, grant("november", 300, 0, { expiresAt: 200 })], "november", 350)).toBe(250);
  });

  it("of all grants together never exceeds what was not spent, and none is below zero", () => {
    const given = fc.record({
      amount: fc.integer({ min: 1, max: 50 }),
      baseline: fc.integer({ min: 0, max: 60 }),
      priority: fc.integer({ min: 0, max: 2 }),
    });
    fc.assert(
      fc.property(fc.array(given, { maxLength: 6 }), fc.integer({ min: 60, max: 200 }), (given, debit) => {
        const grants = given.map(({ amount, baseline, priority }, index) =>
          grant(String(index), amount, baseline, { priority, createdAt: index }),
        );
        const left = grants.map(({ id }) => unspentOf(grants, id, debit));
        expect(left.every((rest, index) => rest >= 0 && rest <= (grants[index]?.amount ?? 0))).toBe(true);
        const spent = grants.reduce((sum, { amount }) => sum + amount, 0) - left.reduce((sum, rest) => sum + rest, 0);
        expect(spent).toBeLessThanOrEqual(debit);
      }),
    );
  });
});
