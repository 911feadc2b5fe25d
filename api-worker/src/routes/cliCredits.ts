import { CLI_CREDIT_PATHS, CliCredits, CliHistory, CliHistoryQuery, CliUsage, CliUsageQuery } from "@oa/contract";
import * as z from "zod";
import { cliCredits, cliHistoryItem, cliUsage } from "../credits/cliViews.ts";
import { usageRange } from "../credits/usageRange.ts";
import { NOTHING, route } from "../route.ts";
import type { Route } from "../route.ts";
import { underBoth } from "../wire.ts";
import { creditFiles } from "./creditFiles.ts";

/** Credits for the CLI, each path under `/` and under `/v1`. */
export const cliCreditRoutes: readonly Route[] = [
  ...underBoth(CLI_CREDIT_PATHS.credits).map((path) =>
    route({
      method: "GET",
      path,
      gate: "management",
      summary: "Credits: all there ever were, what is used, held, and left to spend",
      input: NOTHING,
      answer: CliCredits,
      handle: async ({ granted, services }) =>
        cliCredits(await services.control.creditStanding(granted.access.user.user_id)),
    }),
  ),
  ...underBoth(CLI_CREDIT_PATHS.history).map((path) =>
    route({
      method: "GET",
      path,
      gate: "management",
      summary: "Everything that moved the balance, newest first",
      input: z.object({ query: CliHistoryQuery }),
      answer: CliHistory,
      async handle({ granted, input, services }) {
        const { limit, offset } = input.query;
        const { entries, total } = await services.control.ledger(granted.access.user.user_id, input.query);
        const has_more = offset + entries.length < total;
        return { items: entries.map(cliHistoryItem), total, limit, offset, has_more };
      },
    }),
  ),
  ...underBoth(CLI_CREDIT_PATHS.usage).map((path) =>
    route({
      method: "GET",
      path,
      gate: "management",
      summary: "Usage by day, model or key",
      input: z.object({ query: CliUsageQuery }),
      answer: CliUsage,
      async handle({ granted, input, services }) {
        const { group, ...days } = input.query;
        const range = { group, ...usageRange(days, Date.now()) };
        return cliUsage(group, await services.control.usageSummary(granted.access.user.user_id, range));
      },
    }),
  ),
  ...creditFiles("management", {
    ledger: underBoth(CLI_CREDIT_PATHS.export),
    usage: underBoth(CLI_CREDIT_PATHS.usageExport),
  }),
];
