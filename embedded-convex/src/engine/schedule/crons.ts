/** Crons of the live push in the database: what runs next, and the claim of a run in its own transaction. */
import { EngineError, type DefinitionAnalysis, type Json } from "../types.ts";
import { canonicalUdf, type Code } from "../functions/code.ts";
import { numberOf, textOf, type Connection, type Row } from "../storage/connection.ts";
import { asText, isObject, parseObject } from "../values/json.ts";
import { nextRun, parseSchedule, type CronSchedule } from "./cron-spec.ts";

export interface CronJob {
  component: string;
  name: string;
  udf: string;
  args: Json;
  schedule: CronSchedule;
  nextMs: number;
}

interface DeclaredCron {
  component: string;
  name: string;
  /** JSON text of function, arguments and schedule; an unchanged one keeps its next run over a push. */
  spec: string;
}

/** The crons a push declares. Throws EngineError for a schedule that cannot be read. */
export function declaredCrons(analyses: ReadonlyMap<string, DefinitionAnalysis>, code: Code): DeclaredCron[] {
  return [...code.components.values()].flatMap((component) => {
    const module = analyses.get(component.definitionPath)?.functions["crons.js"];
    const specs = isObject(module) && Array.isArray(module["cronSpecs"]) ? module["cronSpecs"] : [];
    return specs.map((item) => {
      const [name, spec] = Array.isArray(item) ? item : [];
      if (typeof name !== "string" || !isObject(spec)) throw new EngineError("InvalidCron", "malformed crons.ts");
      parseSchedule(name, spec["schedule"]);
      const udf = canonicalUdf(asText(spec["name"]));
      const target = component.functions().find((info) => info.path.udf === udf);
      if (target === undefined)
        throw new EngineError("InvalidCron", `Cron "${name}" calls ${udf}, which does not exist.`);
      if (target.kind === "query")
        throw new EngineError(
          "InvalidCron",
          `Cron "${name}" calls ${udf}, which is a query. Only mutations and actions can be scheduled.`,
        );
      return { component: component.path, name, spec: JSON.stringify(spec) };
    });
  });
}

export function replaceCrons(db: Connection, declared: readonly DeclaredCron[], nowMs: number): void {
  const before = new Map(
    db
      .all("SELECT component, name, spec FROM crons")
      .map((row) => [`${textOf(row, "component")} ${textOf(row, "name")}`, row]),
  );
  for (const cron of declared) {
    const key = `${cron.component} ${cron.name}`;
    const known = before.get(key);
    before.delete(key);
    if (known !== undefined && textOf(known, "spec") === cron.spec) continue;
    const schedule = parseSchedule(cron.name, parseObject(cron.spec)["schedule"]);
    // An interval's first run is at once, as on Convex; a pattern's when it next matches.
    const next = schedule.kind === "interval" ? nowMs : nextRun(schedule, nowMs, nowMs);
    db.run(
      "INSERT OR REPLACE INTO crons (component, name, spec, next_ms, running) VALUES (?, ?, ?, ?, 0)",
      cron.component,
      cron.name,
      cron.spec,
      next,
    );
  }
  for (const row of before.values())
    db.run("DELETE FROM crons WHERE component = ? AND name = ?", textOf(row, "component"), textOf(row, "name"));
}

/** Crons that are due and not running, the earliest first. */
export function dueCrons(db: Connection, nowMs: number): CronJob[] {
  return db
    .all("SELECT component, name, spec, next_ms FROM crons WHERE next_ms <= ? AND running = 0 ORDER BY next_ms", nowMs)
    .map(toCron);
}

/** True while this run has not been taken by anyone; part of the transaction that takes it. */
export function isDue(db: Connection, cron: CronJob): boolean {
  const row = db.get("SELECT next_ms, running FROM crons WHERE component = ? AND name = ?", cron.component, cron.name);
  return row !== undefined && numberOf(row, "running") === 0 && numberOf(row, "next_ms") === cron.nextMs;
}

/** Moves a cron past this run, and past those missed while nobody ran them. */
export function advance(db: Connection, cron: CronJob, nowMs: number, running: boolean): void {
  const next = nextRun(cron.schedule, cron.nextMs, nowMs);
  db.run(
    "UPDATE crons SET next_ms = ?, running = ? WHERE component = ? AND name = ?",
    next,
    running ? 1 : 0,
    cron.component,
    cron.name,
  );
}

export function notRunning(db: Connection, cron: CronJob): void {
  db.run("UPDATE crons SET running = 0 WHERE component = ? AND name = ?", cron.component, cron.name);
}

function toCron(row: Row): CronJob {
  const name = textOf(row, "name");
  const spec = parseObject(textOf(row, "spec"));
  const args = Array.isArray(spec["args"]) ? spec["args"][0] : null;
  return {
    component: textOf(row, "component"),
    name,
    udf: canonicalUdf(asText(spec["name"])),
    args: args ?? {},
    schedule: parseSchedule(name, spec["schedule"]),
    nextMs: numberOf(row, "next_ms"),
  };
}
