/**
 * Times of the embedded engine as ratios of one run: against itself with few documents (is it as fast when a table has
 * grown?), against plain node:sqlite (what do functions, checks and snapshots cost?) and against convex-test.
 *
 *   node bench/engine/run.ts [documents in each of two tables, default 1000000]
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { IntervalIndex } from "../../embedded-convex/src/server/sync/intervals.ts";
import {
  embeddedConvex,
  mock,
  plainSqlite,
  READS,
  type EngineSubject,
  type Operation,
  type Subject,
} from "./subjects.ts";

const SMALL = 1000;
const LARGE = Number(process.argv[2] ?? 1_000_000);
const SUBSCRIPTIONS = 10_000;
/** Each time is the median of this many, after a warm-up. */
const SAMPLES = 400;
const WARM_UP = 100;

const NAMES: Record<Operation, string> = {
  point: "one document by index",
  range: "100 documents by index",
  page: "a page of 20",
  insert: "a mutation that inserts one",
};

/** Median milliseconds of an operation at places all over a table of `size` documents. */
async function time(subject: Subject, operation: Operation, size: number, samples = SAMPLES): Promise<number> {
  const times: number[] = [];
  for (let i = -WARM_UP; i < samples; i++) {
    const n = operation === "insert" ? 1e9 + i : ((i + WARM_UP) * 7919) % (size - 100);
    const started = performance.now();
    await subject.run(operation, n);
    if (i >= 0) times.push(performance.now() - started);
  }
  return times.sort((a, b) => a - b)[Math.floor(samples / 2)] ?? NaN;
}

async function times(subject: Subject, size: number, samples?: number): Promise<Record<Operation, number>> {
  const [point, range, page] = [
    await time(subject, "point", size, samples),
    await time(subject, "range", size, samples),
    await time(subject, "page", size, samples),
  ];
  return { point, range, page, insert: await time(subject, "insert", size, samples) };
}

/** Milliseconds a commit takes to find which of many live queries it touches. */
async function invalidation(subject: EngineSubject): Promise<number> {
  const indexes = new Map<number, IntervalIndex<number>>();
  for (let i = 0; i < SUBSCRIPTIONS; i++) {
    const { reads } = await subject.query(READS[i % READS.length] ?? "point", (i * 97) % LARGE);
    for (const interval of reads.intervals) {
      const index = indexes.get(interval.index) ?? new IntervalIndex<number>();
      indexes.set(interval.index, index);
      index.add(interval, i);
    }
  }
  const taken: number[] = [];
  subject.engine.events.on("commit", ({ writes }) => {
    const started = performance.now();
    const touched = new Set<number>();
    for (const { index, key } of writes.keys) indexes.get(index)?.stab(key, touched);
    taken.push(performance.now() - started);
  });
  for (let i = 0; i < SAMPLES; i++) await subject.run("insert", i * 13);
  return taken.sort((a, b) => a - b)[Math.floor(taken.length / 2)] ?? NaN;
}

const ms = (value: number) => `${value.toFixed(3)} ms`.padStart(12);
const ratio = (value: number) => `${value.toFixed(2)}x`.padStart(9);

const folder = mkdtempSync(path.join(tmpdir(), "embedded-convex-bench-"));
try {
  const [engine, plain, test] = [await embeddedConvex(folder), plainSqlite(folder), mock()];
  for (const subject of [engine, plain, test]) await subject.fill(0, SMALL);
  const small = await times(engine, SMALL);
  const mocked = await times(test, SMALL, 40);
  const filling = performance.now();
  await engine.fill(SMALL, LARGE);
  const perSecond = (2 * (LARGE - SMALL)) / ((performance.now() - filling) / 1000);
  await plain.fill(SMALL, LARGE);
  const large = await times(engine, LARGE);
  const raw = await times(plain, LARGE);
  console.log(
    `two tables of ${LARGE} documents, filled at ${Math.round(perSecond)} documents/s; medians of ${SAMPLES}\n`,
  );
  console.log(
    `${"".padEnd(30)}${"at 1,000".padStart(12)}${"at full size".padStart(14)}${"ratio".padStart(9)}${"of sqlite".padStart(11)}${"of convex-test at 1,000".padStart(25)}`,
  );
  for (const operation of [...READS, "insert"] as const) {
    const [a, b] = [small[operation], large[operation]];
    console.log(
      `${NAMES[operation].padEnd(30)}${ms(a)}${ms(b).padStart(14)}${ratio(b / a)}${ratio(b / raw[operation]).padStart(11)}${ratio(a / mocked[operation]).padStart(25)}`,
    );
  }
  console.log(
    `\n${SUBSCRIPTIONS} live queries: a commit finds those it touches in ${(await invalidation(engine)).toFixed(3)} ms`,
  );
  for (const subject of [engine, plain, test]) await subject.close();
} finally {
  rmSync(folder, { recursive: true, force: true });
}
