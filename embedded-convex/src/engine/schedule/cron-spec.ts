/** When a cron runs next: the schedules of `cronJobs()` as pure functions of time. All times are UTC milliseconds. */
import { createHash } from "node:crypto";
import { Cron } from "croner";
import { EngineError, type Json } from "../types.ts";
import { asText, isObject, type JsonObject } from "../values/json.ts";

export type CronSchedule = { kind: "interval"; everyMs: number } | { kind: "pattern"; pattern: string };

const SECOND_MS = 1000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
const DAYS = ["sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"];

/** Reads a schedule as `cronJobs().export()` writes it. Throws EngineError "InvalidCron" with the developer's sentence. */
export function parseSchedule(name: string, json: Json | undefined): CronSchedule {
  if (!isObject(json)) throw new EngineError("InvalidCron", `Cron "${name}" has no schedule.`);
  // Without a minute Convex picks one per job, so that not everything runs on the hour.
  const minute = typeof json["minuteUTC"] === "number" ? json["minuteUTC"] : splay(name);
  const hour = asText(json["hourUTC"]);
  switch (json["type"]) {
    case "interval":
      return { kind: "interval", everyMs: intervalMs(json) };
    case "hourly":
      return pattern(name, `${minute} * * * *`);
    case "daily":
      return pattern(name, `${minute} ${hour} * * *`);
    case "weekly":
      return pattern(name, `${minute} ${hour} * * ${DAYS.indexOf(asText(json["dayOfWeek"]).toLowerCase())}`);
    case "monthly":
      return pattern(name, `${minute} ${hour} ${asText(json["day"])} * *`);
    case "cron":
      return pattern(name, asText(json["cron"]));
    default:
      throw new EngineError("InvalidCron", `Cron "${name}" has an unknown schedule.`);
  }
}

/** The first run after `afterMs`. For intervals, `fromMs` is the run they count from; missed runs are skipped. */
export function nextRun(schedule: CronSchedule, fromMs: number, afterMs: number): number {
  if (schedule.kind === "interval") {
    const missed = Math.max(0, Math.floor((afterMs - fromMs) / schedule.everyMs));
    return fromMs + (missed + 1) * schedule.everyMs;
  }
  const next = new Cron(schedule.pattern, { timezone: "UTC", mode: "5-part" }).nextRun(new Date(afterMs));
  if (next === null) throw new EngineError("InvalidCron", `Cron pattern "${schedule.pattern}" never runs.`);
  return next.getTime();
}

function pattern(name: string, text: string): CronSchedule {
  try {
    nextRun({ kind: "pattern", pattern: text }, 0, 0);
  } catch (error) {
    throw new EngineError(
      "InvalidCron",
      `Cron "${name}": "${text}" is not a valid schedule (${error instanceof Error ? error.message : String(error)}).`,
    );
  }
  return { kind: "pattern", pattern: text };
}

function intervalMs(json: JsonObject): number {
  const of = (unit: string, ms: number) => (typeof json[unit] === "number" ? json[unit] * ms : 0);
  return of("seconds", SECOND_MS) + of("minutes", MINUTE_MS) + of("hours", HOUR_MS);
}

function splay(name: string): number {
  return createHash("sha256").update(name).digest().readUInt32BE(0) % 60;
}
