import type { InstanceSummary } from "@oa/contract/instance";
import { formatUsd } from "@oa/contract/money";
import type { AccountStanding } from "@oa/contract/usage";

/** What a person has to be told about their credits on every page; at most one, the worst. */
export type Trouble = "frozen" | "suspended" | "empty" | "low";

export function creditTrouble(
  standing: Pick<AccountStanding, "status" | "balance_level">,
  instance: Pick<InstanceSummary, "status"> | null,
): Trouble | null {
  if (standing.status !== "active") return "frozen";
  if (instance?.status === "suspended") return "suspended";
  return standing.balance_level === "enough" ? null : standing.balance_level;
}

interface TroubleWords {
  title: string;
  short: string;
  full: string;
}

/** What is said of a trouble; of low credits with how much is left. */
export function troubleWords(
  trouble: Trouble,
  { available_microusd }: Pick<AccountStanding, "available_microusd">,
): TroubleWords {
  if (trouble !== "low") return WORDS[trouble];
  const left = `${formatUsd(available_microusd)} is left.`;
  return {
    title: "Your credits are low",
    short: `${left} Calls that could cost more than that are refused.`,
    full: `${left} A call is let through only if that covers the most it can cost, so long answers of dear models may be refused first; shorter ones still work.`,
  };
}

const WORDS: Readonly<Record<Exclude<Trouble, "low">, TroubleWords>> = {
  frozen: {
    title: "Your credits are frozen",
    short: "Nothing can be spent until an administrator unfreezes them.",
    full: "An administrator has stopped all spending of this account: model calls are refused, from your keys, your editor and your OpenClaw alike. Nothing is taken away, and credits still arrive. Why is in your activity; ask whoever runs this installation.",
  },
  suspended: {
    title: "Your OpenClaw is suspended",
    short: "It ran out of credits. Its data is kept, and it starts again by itself once there are some.",
    full: "Your OpenClaw was stopped because the credits have been used up for a while. Its data, its backups and its paired devices are kept. It starts again by itself as soon as credits arrive, or once you store a model provider's key of your own on the overview.",
  },
  empty: {
    title: "Your credits are used up",
    short: "Model calls are refused until there are new ones. Everything else goes on.",
    full: "Model calls are refused until there are new credits. Your OpenClaw's data, its backups and your paired devices are kept. If the balance stays empty, your OpenClaw is stopped after a while, and starts again by itself once credits arrive.",
  },
};
