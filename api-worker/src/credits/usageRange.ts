import { ApiError, MAX_USAGE_DAYS } from "@oa/contract";

const DAY_MS = 24 * 60 * 60 * 1000;
/** Days of a summary that names no beginning. */
const USUAL_DAYS = 30;

/**
 * The days of a summary, both taken in: up to today (UTC) and thirty of them where nothing else is said.
 *
 * @throws ApiError `invalid_request` for more days than one summary spans
 */
export function usageRange(
  asked: { from?: string | undefined; to?: string | undefined },
  now: number,
): { from: string; to: string } {
  const to = asked.to ?? dayOf(Math.max(now, asked.from === undefined ? now : Date.parse(asked.from)));
  const from = asked.from ?? dayOf(Date.parse(to) - (USUAL_DAYS - 1) * DAY_MS);
  const days = (Date.parse(to) - Date.parse(from)) / DAY_MS + 1;
  if (days <= MAX_USAGE_DAYS) return { from, to };
  throw new ApiError("invalid_request", `from: a summary spans at most ${MAX_USAGE_DAYS} days; this one has ${days}.`);
}

function dayOf(millis: number): string {
  return new Date(millis).toISOString().slice(0, 10);
}
