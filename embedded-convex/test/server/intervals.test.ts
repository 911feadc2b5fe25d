import { Interval } from "@flatten-js/interval-tree";
import * as fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import { IntervalIndex, type KeyInterval } from "../../src/server/sync/intervals.ts";

const bytes = fc.uint8Array({ maxLength: 3, max: 4 });
const interval = fc.record({ lower: bytes, upper: bytes });
const step = fc.record({ interval, value: fc.nat(3), remove: fc.boolean(), key: bytes });

/** What the index must answer, by looking at everything. */
function holds({ lower, upper }: KeyInterval, key: Uint8Array): boolean {
  return Buffer.compare(lower, key) <= 0 && Buffer.compare(key, upper) < 0;
}

function nameOf({ lower, upper }: KeyInterval, value: number): string {
  return `${Buffer.from(lower).toString("hex")}-${Buffer.from(upper).toString("hex")}-${value}`;
}

describe("the index of what live queries read", () => {
  it("finds exactly the ranges that hold a key, after any adds and removes", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const index = new IntervalIndex<string>();
        const model = new Map<string, KeyInterval>();
        for (const { interval, value, remove, key } of steps) {
          const name = nameOf(interval, value);
          if (remove) {
            index.delete(interval, name);
            model.delete(name);
          } else {
            index.add(interval, name);
            model.set(name, interval);
          }
          const found = new Set<string>();
          index.stab(key, found);
          const expected = [...model].filter(([, one]) => holds(one, key)).map(([one]) => one);
          expect([...found].toSorted()).toEqual(expected.toSorted());
        }
      }),
      { numRuns: 300 },
    );
  });

  it("looks at few of ten thousand ranges to find the one that holds a key", () => {
    const index = new IntervalIndex<number>();
    const at = (value: number) => Buffer.from([value >> 8, value & 255]);
    for (let value = 0; value < 10_000; value += 1) index.add({ lower: at(value), upper: at(value + 1) }, value);
    const found = new Set<number>();
    const looks = vi.spyOn(Interval.prototype, "intersect");
    index.stab(at(5000), found);
    const looked = looks.mock.calls.length;
    looks.mockRestore();
    expect([...found]).toEqual([5000]);
    expect(looked).toBeGreaterThan(0);
    expect(looked).toBeLessThan(100);
  });
});
