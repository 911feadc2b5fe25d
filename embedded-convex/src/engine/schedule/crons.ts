/** Crons of the live push in the database: what runs next, and the claim of a run in its own transaction. */
import type { z } from "zod";
import { EngineError, type FunctionPath, type Json } from "../types.ts";
import { canonicalUdf, type Code } from "../functions/code.ts";
import { numberOf, textOf, type Connection } from "../storage/connection.ts";
import { cronSpec, nextRun } from "./cron-spec.ts";

type CronSpec = z.infer<typeof cronSpec>;

/** One run of a cron. */
export interface CronRun {
  component: string;
  name: string;
  /** As the database has it: a push may change it meanwhile. */
  specText: string;
  target: FunctionPath;
  args: Json;
  schedule: CronSpec["schedule"];
  dueMs: number;
}

/** A cron of a push. */
export interface DeclaredCron {
  component: string;
  name: string;
  spec: CronSpec;
}

/** Throws EngineError for a cron that calls no function that can be scheduled, or never runs. */
export function checkCron({ component, name, spec }: DeclaredCron, code: Code): void {
  nextRun(name, spec.schedule, 0, 0);
  const udf = canonicalUdf(spec.name);
  const kind = code.components.get(component)?.functions.get(udf)?.kind;
  if (kind === undefined) throw new EngineError("InvalidCron", `Cron "${name}" calls ${udf}, which does not exist.`);
  const rule = "which is a query. Only mutations and actions can be scheduled.";
  if (kind === "query") throw new EngineError("InvalidCron", `Cron "${name}" calls ${udf}, ${rule}`);
}

/** Makes the declared crons the only ones; one whose function, arguments and schedule stay keeps its next run. */
export function replaceCrons(db: Connection, declared: readonly DeclaredCron[], nowMs: number): void {
  const key = (component: string, name: string, spec: string) => JSON.stringify([component, name, spec]);
  const before = new Map(
    db
      .all("SELECT component, name, spec, next_ms FROM crons")
      .map((row) => [
        key(textOf(row, "component"), textOf(row, "name"), textOf(row, "spec")),
        numberOf(row, "next_ms"),
      ]),
  );
  db.run("DELETE FROM crons");
  for (const { component, name, spec } of declared) {
    const text = JSON.stringify(spec);
    // An interval's first run is at once, as on Convex; a pattern's when it next matches.
    const first = spec.schedule.type === "interval" ? nowMs : nextRun(name, spec.schedule, nowMs, nowMs);
    const next = before.get(key(component, name, text)) ?? first;
    db.run("INSERT INTO crons (component, name, spec, next_ms) VALUES (?, ?, ?, ?)", component, name, text, next);
  }
}

/** Runs that are due, the earliest first. */
export function dueCrons(db: Connection, nowMs: number): CronRun[] {
  const select = "SELECT component, name, spec, next_ms FROM crons WHERE next_ms <= ? ORDER BY next_ms";
  return db.all(select, nowMs).map((row) => {
    const [component, name, specText] = [textOf(row, "component"), textOf(row, "name"), textOf(row, "spec")];
    const { name: udf, args, schedule } = cronSpec.parse(JSON.parse(specText));
    const target = { component, udf: canonicalUdf(udf) };
    return { component, name, specText, target, args: args[0] ?? {}, schedule, dueMs: numberOf(row, "next_ms") };
  });
}

const THIS_RUN = "WHERE component = ? AND name = ? AND spec = ? AND next_ms = ?";

/** True while nobody has taken this run and no push has changed the cron. */
export function isDue(db: Connection, { component, name, specText, dueMs }: CronRun): boolean {
  return db.get(`SELECT 1 FROM crons ${THIS_RUN}`, component, name, specText, dueMs) !== undefined;
}

/** Moves a cron past this run, and past those missed while nobody ran them. */
export function advance(db: Connection, run: CronRun, nowMs: number): void {
  const { component, name, specText, schedule, dueMs } = run;
  const next = nextRun(name, schedule, dueMs, nowMs);
  db.run(`UPDATE crons SET next_ms = ? ${THIS_RUN}`, next, component, name, specText, dueMs);
}
