/** When a cron runs next: the schedules of `cronJobs()` as pure functions of time. All times are UTC milliseconds. */
import { createHash } from "node:crypto";
import { Cron } from "croner";
import { z } from "zod";
import { EngineError, messageOf } from "../types.ts";

const SECOND_MS = 1000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
const DAYS = ["sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"] as const;

const number = z.number();
const optional = number.optional();
const minuteUTC = optional;
const schedule = z.discriminatedUnion("type", [
  z.object({ type: z.literal("interval"), seconds: optional, minutes: optional, hours: optional }),
  z.object({ type: z.literal("hourly"), minuteUTC }),
  z.object({ type: z.literal("daily"), hourUTC: number, minuteUTC }),
  z.object({ type: z.literal("weekly"), dayOfWeek: z.enum(DAYS), hourUTC: number, minuteUTC }),
  z.object({ type: z.literal("monthly"), day: number, hourUTC: number, minuteUTC }),
  z.object({ type: z.literal("cron"), cron: z.string() }),
]);

/** One job of `cronJobs().export()`: which function, its arguments array, and when. */
export const cronSpec = z.object({ name: z.string(), args: z.array(z.json()), schedule });
type Schedule = z.infer<typeof schedule>;

/**
 * The first run of the cron `name` after `afterMs`. For intervals, `fromMs` is the run they count from; missed runs
 * are skipped. Throws EngineError "InvalidCron" with the developer's sentence for a schedule that never is.
 */
export function nextRun(name: string, schedule: Schedule, fromMs: number, afterMs: number): number {
  if (schedule.type === "interval") {
    const { seconds = 0, minutes = 0, hours = 0 } = schedule;
    const everyMs = seconds * SECOND_MS + minutes * MINUTE_MS + hours * HOUR_MS;
    const missed = Math.max(0, Math.floor((afterMs - fromMs) / everyMs));
    return fromMs + (missed + 1) * everyMs;
  }
  const pattern = patternOf(name, schedule);
  try {
    const next = new Cron(pattern, { timezone: "UTC", mode: "5-part" }).nextRun(new Date(afterMs));
    if (next !== null) return next.getTime();
  } catch (error) {
    throw new EngineError("InvalidCron", `Cron "${name}": "${pattern}" is not a valid schedule (${messageOf(error)}).`);
  }
  throw new EngineError("InvalidCron", `Cron "${name}": "${pattern}" never runs.`);
}

function patternOf(name: string, schedule: Exclude<Schedule, { type: "interval" }>): string {
  if (schedule.type === "cron") return schedule.cron;
  const minute = schedule.minuteUTC ?? splay(name);
  switch (schedule.type) {
    case "hourly":
      return `${minute} * * * *`;
    case "daily":
      return `${minute} ${schedule.hourUTC} * * *`;
    case "weekly":
      return `${minute} ${schedule.hourUTC} * * ${DAYS.indexOf(schedule.dayOfWeek)}`;
    case "monthly":
      return `${minute} ${schedule.hourUTC} ${schedule.day} * *`;
  }
}

/** Without a minute Convex picks one per job, so that not everything runs on the hour. */
function splay(name: string): number {
  return createHash("sha256").update(name).digest().readUInt32BE(0) % 60;
}
