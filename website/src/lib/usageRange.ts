import { MAX_USAGE_DAYS, UtcDay } from "@oa/contract/usage";
import * as z from "zod";
import { utcDay } from "./days.ts";

/** Which days a page of usage is about; all days are UTC, both ends count. */

export const PRESETS = ["7d", "30d", "90d", "month"] as const;
const Preset = z.enum(PRESETS);
export type Preset = z.infer<typeof Preset>;

export const PRESET_WORDS: Readonly<Record<Preset, string>> = {
  "7d": "7 days",
  "30d": "30 days",
  "90d": "90 days",
  month: "This month",
};

/** As it stands in the address: a preset, or two days of one's own. What does not fit is left out. */
export const RangeSearch = z.object({
  range: Preset.optional().catch(undefined),
  from: UtcDay.optional().catch(undefined),
  to: UtcDay.optional().catch(undefined),
});
export type RangeSearch = z.infer<typeof RangeSearch>;

export interface Range {
  from: string;
  to: string;
  /** Null for days of one's own. */
  preset: Preset | null;
}

const DAY = 86_400_000;
const LENGTHS: Readonly<Record<Exclude<Preset, "month">, number>> = { "7d": 7, "30d": 30, "90d": 90 };

/** The days an address asks for; 30 days where it asks for none, or for days that do not fit together. */
export function rangeOf(search: RangeSearch, now: number): Range {
  const { from, to } = search;
  if (from !== undefined && to !== undefined && rangeProblem(from, to) === null) return { from, to, preset: null };
  const preset = search.range ?? "30d";
  const today = utcDay(now);
  const first = preset === "month" ? `${today.slice(0, 8)}01` : utcDay(now - (LENGTHS[preset] - 1) * DAY);
  return { from: first, to: today, preset };
}

/** Why two days are no range, in words; null where they are one. */
export function rangeProblem(from: string, to: string): string | null {
  if (!UtcDay.safeParse(from).success || !UtcDay.safeParse(to).success) return "Choose two days.";
  if (from > to) return "The first day comes after the last.";
  if (daysOf(from, to).length > MAX_USAGE_DAYS) return `Choose at most ${String(MAX_USAGE_DAYS)} days.`;
  return null;
}

/** Every day of a range. */
export function daysOf(from: string, to: string): string[] {
  const days: string[] = [];
  const last = Date.parse(to);
  for (let at = Date.parse(from); at <= last; at += DAY) days.push(utcDay(at));
  return days;
}
