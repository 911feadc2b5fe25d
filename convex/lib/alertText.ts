import type { AlertKind, LimitReset, MicroUsd } from "@oa/contract";
import { formatUsd } from "@oa/contract";

/** What people read of an alert, in their list and in the mail. */
export interface AlertText {
  title: string;
  message: string;
}

/** What happened, for each kind of alert. */
export type AlertFacts =
  | { kind: Extract<AlertKind, "low_balance">; balance: MicroUsd; empty: boolean }
  | { kind: Extract<AlertKind, "key_budget">; key: string; level: number; limit: MicroUsd; reset: LimitReset | null }
  | { kind: Extract<AlertKind, "suspension">; suspendAt: number; done: boolean }
  | { kind: Extract<AlertKind, "grant_expiry">; amount: MicroUsd }
  | { kind: Extract<AlertKind, "ledger_mismatch">; user: string; finding: string };

const SPAN: { readonly [Reset in LimitReset]: string } = {
  daily: "today's",
  weekly: "this week's",
  monthly: "this month's",
};

export function alertText(facts: AlertFacts): AlertText {
  switch (facts.kind) {
    case "low_balance":
      return facts.empty
        ? {
            title: "Your credits are used up",
            message: "Model calls are refused until you top up. Nothing you have stored is lost.",
          }
        : {
            title: "Your credits are running low",
            message: `There is ${formatUsd(facts.balance)} left. Top up so that your programs go on without a break.`,
          };
    case "key_budget": {
      const limit = `${facts.reset === null ? "its" : SPAN[facts.reset]} limit of ${formatUsd(facts.limit)}`;
      return facts.level >= 100
        ? {
            title: `The key ${facts.key} has reached its limit`,
            message: `It has spent ${limit}, and its calls are refused${facts.reset === null ? "" : " until the next one begins"}. You can raise the limit.`,
          }
        : {
            title: `The key ${facts.key} has spent ${facts.level} % of its limit`,
            message: `It has spent at least ${facts.level} % of ${limit}.`,
          };
    }
    case "suspension":
      return facts.done
        ? {
            title: "Your OpenClaw is asleep",
            message:
              "There was no credit for its model calls. Its data is kept. It wakes by itself when you top up or store a provider key of your own.",
          }
        : {
            title: "Your OpenClaw will be put to sleep",
            message: `Your credits are used up. Without a top-up or a provider key of your own it is put to sleep on ${utc(facts.suspendAt)}; its data is kept.`,
          };
    case "grant_expiry":
      return {
        title: "Granted credit has lapsed",
        message: `${formatUsd(facts.amount)} of credit you were granted was not used in time. What you paid for never lapses.`,
      };
    case "ledger_mismatch":
      return { title: "The books of an account do not add up", message: `User ${facts.user}: ${facts.finding}` };
  }
}

/** "2026-11-21 06:00 UTC". */
function utc(time: number): string {
  return `${new Date(time).toISOString().slice(0, 16).replace("T", " ")} UTC`;
}
