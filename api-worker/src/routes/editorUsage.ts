import { EDITOR_PATHS, EditorHistory, EditorPageQuery, EditorUsage, usdOfMicro } from "@oa/contract";
import * as z from "zod";
import { iso } from "../iso.ts";
import { route } from "../route.ts";

const Paged = z.object({ query: EditorPageQuery });

/** What an editor shows of where the credits went. */
export const editorUsageRoutes = [
  route({
    method: "GET",
    path: EDITOR_PATHS.usage,
    gate: "editor",
    summary: "Every call and what it cost, newest first",
    input: Paged,
    answer: EditorUsage,
    async handle({ granted, input, services }) {
      const { events, total } = await services.control.usageEvents(granted.claims.sub, stretchOf(input.query));
      const items = events.map((event) => ({
        id: event.hold_id,
        model: event.model,
        tokens_in: event.usage.input,
        tokens_cached: event.usage.cache_read,
        tokens_out: event.usage.output,
        cost_usd: usdOfMicro(event.cost_microusd),
        endpoint: event.endpoint,
        key_name: event.key?.name ?? null,
        usage_source: event.usage_source,
        price_version: event.price_version,
        created_at: iso(event.created_at),
      }));
      return { items, total, ...input.query };
    },
  }),
  route({
    method: "GET",
    path: EDITOR_PATHS.billingHistory,
    gate: "editor",
    summary: "Usage, top-ups and grants, newest first",
    input: Paged,
    answer: EditorHistory,
    async handle({ granted, input, services }) {
      const { entries, total } = await services.control.ledger(granted.claims.sub, stretchOf(input.query));
      const items = entries.map((entry) => ({
        id: String(entry.seq),
        type: entry.type,
        amount_usd: usdOfMicro(entry.amount_microusd),
        balance_after_usd: usdOfMicro(entry.balance_after_microusd),
        description: entry.description,
        created_at: iso(entry.created_at),
      }));
      return { items, total, ...input.query };
    },
  }),
];

function stretchOf({ page, limit }: EditorPageQuery): { limit: number; offset: number } {
  return { limit, offset: (page - 1) * limit };
}
