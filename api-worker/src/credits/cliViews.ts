import { usdOfMicro } from "@oa/contract";
import type {
  CliCredits,
  CliHistory,
  CliKey,
  CliKeyInfo,
  CliUsage,
  CreditStanding,
  LedgerEntry,
  ProvisionedKey,
  ProvisionedKeyInfo,
  UsageGroup,
  UsageSummary,
  UsageSums,
} from "@oa/contract";
import type * as z from "zod";
import { iso, isoOrNull } from "../iso.ts";

/** What Convex says, in the words of the CLI: dollars beside micro-dollars, ISO-8601 for milliseconds. */

export function cliCredits(standing: CreditStanding): z.input<typeof CliCredits> {
  return {
    total_credits: usdOfMicro(standing.lifetime_credit_microusd),
    total_usage: usdOfMicro(standing.lifetime_debit_microusd),
    remaining: usdOfMicro(standing.available_microusd),
    held: usdOfMicro(standing.held_microusd),
    available: usdOfMicro(standing.available_microusd),
    balance: usdOfMicro(standing.posted_microusd),
    total_credits_microusd: standing.lifetime_credit_microusd,
    total_usage_microusd: standing.lifetime_debit_microusd,
    held_microusd: standing.held_microusd,
    available_microusd: standing.available_microusd,
    balance_microusd: standing.posted_microusd,
    status: standing.status,
  };
}

export function cliHistoryItem(entry: LedgerEntry): z.input<typeof CliHistory>["items"][number] {
  return {
    id: String(entry.seq),
    type: entry.type,
    kind: entry.kind,
    amount: usdOfMicro(entry.amount_microusd),
    amount_microusd: entry.amount_microusd,
    balance_after: usdOfMicro(entry.balance_after_microusd),
    description: entry.description,
    created_at: iso(entry.created_at),
  };
}

export function cliUsage(group: UsageGroup, { from, to, items, total }: UsageSummary): z.input<typeof CliUsage> {
  return {
    from,
    to,
    group,
    items: items.map((item) => ({ group: item.group, label: item.label, ...sums(item) })),
    total: sums(total),
  };
}

function sums(of: z.output<typeof UsageSums>) {
  return {
    requests: of.requests,
    input_tokens: of.input_tokens,
    cached_tokens: of.cached_tokens,
    output_tokens: of.output_tokens,
    cost: usdOfMicro(of.cost_microusd),
    cost_microusd: of.cost_microusd,
  };
}

export function cliKey(key: ProvisionedKey): z.input<typeof CliKey> {
  return {
    hash: key.hash,
    name: key.name,
    prefix: key.prefix,
    credit_limit: key.credit_limit_microusd === null ? null : usdOfMicro(key.credit_limit_microusd),
    limit_reset: key.limit_reset,
    usage: usdOfMicro(key.usage_microusd),
    usage_microusd: key.usage_microusd,
    held: usdOfMicro(key.held_microusd),
    disabled: key.disabled,
    instance_id: key.instance_id,
    created_at: iso(key.created_at),
    last_used_at: isoOrNull(key.last_used_at),
    expires_at: isoOrNull(key.expires_at),
    revoked_at: isoOrNull(key.revoked_at),
    resets_at: isoOrNull(key.resets_at),
  };
}

export function cliKeyInfo(key: ProvisionedKeyInfo): z.input<typeof CliKeyInfo> {
  return {
    ...cliKey(key),
    usage_daily: usdOfMicro(key.usage_daily_microusd),
    usage_weekly: usdOfMicro(key.usage_weekly_microusd),
    usage_monthly: usdOfMicro(key.usage_monthly_microusd),
    requests_count: key.requests_count,
    model_usage: key.model_usage.map(({ model, requests, tokens, cost_microusd }) => ({
      model,
      requests,
      tokens,
      cost: usdOfMicro(cost_microusd),
    })),
  };
}
