/** Crons of the live push in the database: what runs next, and the claim of a run in its own transaction. */
import type { z } from "zod";
import { EngineError, type FunctionPath, type Json } from "../types.ts";
import { canonicalUdf, type Code } from "../functions/code.ts";
import { numberOf, textOf, type Connection } from "../storage/connection.ts";
import type { DefinitionAnalysis } from "../push/analysis.ts";
import { cronSpec, nextRun } from "./cron-spec.ts";

/** A cron whose time has come. */
export interface CronJob {
  component: string;
  name: string;
  target: FunctionPath;
  args: Json;
  schedule: z.infer<typeof cronSpec>["schedule"];
  dueMs: number;
}

interface DeclaredCron {
  component: string;
  name: string;
  spec: z.infer<typeof cronSpec>;
}

const BY_NAME = "WHERE component = ? AND name = ?";

/** The crons a push declares. Throws EngineError for a schedule that cannot be read. */
export function declaredCrons(analyses: ReadonlyMap<string, DefinitionAnalysis>, code: Code): DeclaredCron[] {
  return [...code.components.values()].flatMap((component) => {
    const specs = analyses.get(component.definitionPath)?.functions["crons.js"]?.cronSpecs ?? [];
    return specs.map(([name, spec]) => {
      nextRun(name, spec.schedule, 0, 0);
      const udf = canonicalUdf(spec.name);
      const target = component.functions.get(udf);
      if (target === undefined || target.kind === "query") {
        const wrong =
          target === undefined
            ? "which does not exist"
            : "which is a query. Only mutations and actions can be scheduled";
        throw new EngineError("InvalidCron", `Cron "${name}" calls ${udf}, ${wrong}.`);
      }
      return { component: component.path, name, spec };
    });
  });
}

/** Makes the declared crons the only ones; one whose function, arguments and schedule stay keeps its next run. */
export function replaceCrons(db: Connection, declared: readonly DeclaredCron[], nowMs: number): void {
  const key = (cron: { component: string; name: string }) => `${cron.component} ${cron.name}`;
  const before = new Map(
    db.all("SELECT component, name, spec FROM crons").map((row) => {
      const cron = { component: textOf(row, "component"), name: textOf(row, "name"), spec: textOf(row, "spec") };
      return [key(cron), cron];
    }),
  );
  for (const { component, name, spec } of declared) {
    const text = JSON.stringify(spec);
    const known = before.get(key({ component, name }));
    before.delete(key({ component, name }));
    if (known?.spec === text) continue;
    // An interval's first run is at once, as on Convex; a pattern's when it next matches.
    const next = spec.schedule.type === "interval" ? nowMs : nextRun(name, spec.schedule, nowMs, nowMs);
    const insert = "INSERT OR REPLACE INTO crons (component, name, spec, next_ms, running) VALUES (?, ?, ?, ?, 0)";
    db.run(insert, component, name, text, next);
  }
  for (const { component, name } of before.values()) db.run(`DELETE FROM crons ${BY_NAME}`, component, name);
}

/** Crons that are due and not running, the earliest first. */
export function dueCrons(db: Connection, nowMs: number): CronJob[] {
  return db
    .all("SELECT component, name, spec, next_ms FROM crons WHERE next_ms <= ? AND running = 0 ORDER BY next_ms", nowMs)
    .map((row) => {
      const component = textOf(row, "component");
      const { name: udf, args, schedule } = cronSpec.parse(JSON.parse(textOf(row, "spec")));
      const target = { component, udf: canonicalUdf(udf) };
      return {
        component,
        name: textOf(row, "name"),
        target,
        args: args[0] ?? {},
        schedule,
        dueMs: numberOf(row, "next_ms"),
      };
    });
}

/** True while this run has not been taken by anyone; part of the transaction that takes it. */
export function isDue(db: Connection, { component, name, dueMs }: CronJob): boolean {
  return db.get(`SELECT 1 FROM crons ${BY_NAME} AND running = 0 AND next_ms = ?`, component, name, dueMs) !== undefined;
}

/** Moves a cron past this run, and past those missed while nobody ran them. */
export function advance(db: Connection, cron: CronJob, nowMs: number, running: 0 | 1): void {
  const next = nextRun(cron.name, cron.schedule, cron.dueMs, nowMs);
  db.run(`UPDATE crons SET next_ms = ?, running = ? ${BY_NAME}`, next, running, cron.component, cron.name);
}

export function notRunning(db: Connection, { component, name }: CronJob): void {
  db.run(`UPDATE crons SET running = 0 ${BY_NAME}`, component, name);
}
