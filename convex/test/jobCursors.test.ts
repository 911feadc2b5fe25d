import * as fc from "fast-check";
import { expect, it } from "vitest";
import { wholePage } from "../model/jobCursors.ts";

interface Row {
  _creationTime: number;
  name: number;
}

/** Goes over a table as a job does, page by page, and gives what it has taken. */
async function walk(table: readonly Row[], asked: number): Promise<number[]> {
  const taken: number[] = [];
  let position = 0;
  for (let full = true; full;) {
    const found = await wholePage({
      next: table.filter((row) => row._creationTime > position).slice(0, asked),
      asked,
      at: (time) => Promise.resolve(table.filter((row) => row._creationTime === time)),
    });
    taken.push(...found.page.map(({ name }) => name));
    position = found.page.at(-1)?._creationTime ?? position;
    full = found.full;
  }
  return taken;
}

it("a job takes every row once, in order, however many were made at the same time", async () => {
  const times = fc.array(fc.integer({ min: 1, max: 8 }), { maxLength: 40 });
  await fc.assert(
    fc.asyncProperty(times, fc.integer({ min: 1, max: 7 }), async (given, asked) => {
      const table = given.toSorted((a, b) => a - b).map((time, name) => ({ _creationTime: time, name }));
      expect(await walk(table, asked)).toEqual(table.map(({ name }) => name));
    }),
  );
});
