import { type BalanceLevel, MICRO_USD_PER_USD, type MicroUsd, microOfUsd } from "@oa/contract";

/**
 * What an operator may set about credits, from the variables of the deployment. A value that is no number, or out of its range,
 * counts as not set, and is told in the log: money must not stop moving because of a typing error.
 */
export interface CreditSettings {
  /** Below this a balance is low. `LOW_BALANCE_USD`, 1 by default; 0: nobody is told. */
  lowBalance: MicroUsd;
  /** How long an OpenClaw goes on without credit. `SUSPENSION_GRACE_HOURS`, 72 by default. */
  graceMs: number;
  /** What every user gets each month; null: nothing. `MONTHLY_GRANT_USD`. */
  monthlyGrant: MicroUsd | null;
  /** After how many days the sign-up grant lapses; null: never. `SIGNUP_GRANT_DAYS`. */
  signupGrantDays: number | null;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** Below a cent a balance is empty: no call that is worth anything can be paid from it. */
export const EMPTY_BELOW_MICROUSD = MICRO_USD_PER_USD / 100;

/** How a balance stands: the page's banner, the alert and the mail go by this alike. */
export function balanceLevel(posted: number, { lowBalance }: Pick<CreditSettings, "lowBalance">): BalanceLevel {
  if (posted < EMPTY_BELOW_MICROUSD) return "empty";
  return posted < lowBalance ? "low" : "enough";
}

const HOUR_MS = 60 * 60 * 1000;

export function creditSettings(env: Environment): CreditSettings {
  const monthly = numberOf(env, "MONTHLY_GRANT_USD", { above: 0, max: 10_000 });
  return {
    lowBalance: microOfUsd(numberOf(env, "LOW_BALANCE_USD", { min: 0, max: 10_000 }) ?? 1),
    graceMs: (numberOf(env, "SUSPENSION_GRACE_HOURS", { min: 0, max: 8760 }) ?? 72) * HOUR_MS,
    monthlyGrant: monthly === null ? null : microOfUsd(monthly),
    signupGrantDays: numberOf(env, "SIGNUP_GRANT_DAYS", { above: 0, max: 3650 }),
  };
}

function numberOf(env: Environment, name: string, range: { min?: number; above?: number; max: number }): number | null {
  const text = env[name]?.trim() ?? "";
  if (text === "") return null;
  const value = Number(text);
  const inRange = value >= (range.min ?? 0) && value > (range.above ?? -1) && value <= range.max;
  if (inRange) return value;
  console.error(JSON.stringify({ level: "error", event: "setting_ignored", variable: name }));
  return null;
}

/** True where a change of the balance is one that someone may have to be told of, or that puts to sleep or wakes. */
export function crosses(before: number, after: number, lowBalance: number): boolean {
  const sides = (balance: number) => [balance < EMPTY_BELOW_MICROUSD, balance < lowBalance];
  const [emptyBefore, lowBefore] = sides(before);
  const [emptyAfter, lowAfter] = sides(after);
  return emptyBefore !== emptyAfter || (lowBefore === false && lowAfter === true);
}
