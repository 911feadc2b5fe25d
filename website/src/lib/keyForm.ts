import type { CliCreateKey, CliUpdateKey } from "@oa/contract/cliCredits";
import { KeyName, LimitReset, type ProvisionedKey } from "@oa/contract/keys";
import { microOfUsd, usdOfMicro } from "@oa/contract/money";
import type * as z from "zod";
import { utcDay } from "./days.ts";

/** What a person types about a key. Everything is optional but the name. */
export interface KeyFields {
  name: string;
  /** Dollars; empty: no limit. A text where the field could not read a number. */
  limit: number | string;
  reset: LimitReset | "never";
  /** The last day it works, `YYYY-MM-DD` in UTC; empty: no end. */
  ends: string;
}

export const EMPTY_KEY: KeyFields = { name: "", limit: "", reset: "never", ends: "" };

export function fieldsOf(key: ProvisionedKey): KeyFields {
  return {
    name: key.name,
    limit: key.credit_limit_microusd === null ? "" : usdOfMicro(key.credit_limit_microusd),
    reset: key.limit_reset ?? "never",
    ends: key.expires_at === null ? "" : utcDay(key.expires_at),
  };
}

const MAX_LIMIT_USD = 1_000_000;

/** What is wrong with each field, in words; empty where all is well. An end that was set before stays allowed. */
export function keyErrors(
  fields: KeyFields,
  now: number,
  before?: KeyFields,
): Partial<Record<keyof KeyFields, string>> {
  const errors: Partial<Record<keyof KeyFields, string>> = {};
  if (!KeyName.safeParse(fields.name.trim()).success)
    errors.name =
      fields.name.trim() === ""
        ? "Give it a name, so that you know it again."
        : "Use letters, digits, spaces, dots, underscores and hyphens; the first is a letter or a digit, 100 at most.";
  const { limit } = fields;
  if (limit !== "" && (typeof limit !== "number" || limit < 0 || limit > MAX_LIMIT_USD))
    errors.limit = "Type an amount between $0 and $1,000,000, or leave it empty.";
  if (limit === "" && fields.reset !== "never") errors.reset = "Without a limit there is nothing to begin anew.";
  if (fields.ends !== "" && fields.ends !== before?.ends && !(endOf(fields.ends) > now))
    errors.ends = "Choose a day that is not over yet.";
  return errors;
}

/** The request of fields without errors. */
export function creationOf(fields: KeyFields): z.input<typeof CliCreateKey> {
  return {
    name: fields.name.trim(),
    credit_limit: limitOf(fields),
    limit_reset: resetOf(fields),
    expires_at: expiryOf(fields),
  };
}

/** Only what is other than before; null where nothing is. */
export function changeOf(before: KeyFields, fields: KeyFields): z.input<typeof CliUpdateKey> | null {
  const change = {
    ...(fields.name.trim() === before.name ? {} : { name: fields.name.trim() }),
    ...(limitOf(fields) === limitOf(before) ? {} : { credit_limit: limitOf(fields) }),
    ...(resetOf(fields) === resetOf(before) ? {} : { limit_reset: resetOf(fields) }),
    ...(fields.ends === before.ends ? {} : { expires_at: expiryOf(fields) }),
  };
  return Object.keys(change).length === 0 ? null : change;
}

function limitOf({ limit }: KeyFields): number | null {
  return typeof limit === "number" ? usdOfMicro(microOfUsd(limit)) : null;
}

function resetOf({ reset }: KeyFields): LimitReset | null {
  return reset === "never" ? null : reset;
}

function expiryOf({ ends }: KeyFields): string | null {
  return ends === "" ? null : new Date(endOf(ends)).toISOString();
}

/** The last millisecond of a day; NaN for what is no day. */
function endOf(day: string): number {
  return Date.parse(`${day}T23:59:59.999Z`);
}
