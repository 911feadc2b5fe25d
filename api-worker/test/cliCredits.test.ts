import { CliCredits, CliHistory, CliUsage, MAX_HISTORY_OFFSET } from "@oa/contract";
import { beforeEach, describe, expect, it } from "vitest";
import { cliData, cliErrorOf } from "./support/cli.ts";
import { terminalOf } from "./support/people.ts";
import type { Sender } from "./support/people.ts";
import { openWorld } from "./support/world.ts";
import type { TestWorld } from "./support/world.ts";

let world: TestWorld;
let ada: Sender;
beforeEach(async () => {
  world = await openWorld();
  ada = (await terminalOf(world, "ada")).send;
});

describe.each(["", "/v1"])("under %s/", (base) => {
  it("credits tells what there is, in dollars and in whole micro-dollars, with holds taken off", async () => {
    await world.set(["convex", "credits", "standing", "held_microusd"], 1_000_000);
    expect(cliData(CliCredits, await ada("GET", `${base}/credits`))).toEqual({
      total_credits: 5,
      total_usage: 0.004275,
      remaining: 3.995725,
      held: 1,
      available: 3.995725,
      balance: 4.995725,
      total_credits_microusd: 5_000_000,
      total_usage_microusd: 4275,
      held_microusd: 1_000_000,
      available_microusd: 3_995_725,
      balance_microusd: 4_995_725,
      status: "active",
    });
  });

  it("credits says that an account is frozen", async () => {
    await world.set(["convex", "credits", "standing", "status"], "frozen");
    expect(cliData(CliCredits, await ada("GET", `${base}/credits`)).status).toBe("frozen");
  });

  it("history comes newest first, page by page", async () => {
    const first = cliData(CliHistory, await ada("GET", `${base}/credits/history?limit=2`));
    expect(first).toMatchObject({ total: 3, limit: 2, offset: 0, has_more: true });
    expect(first.items.map(({ id }) => id)).toEqual(["3", "2"]);
    const last = cliData(CliHistory, await ada("GET", `${base}/credits/history?limit=2&offset=2`));
    expect(last).toMatchObject({ offset: 2, has_more: false });
    expect(last.items).toEqual([
      {
        id: "1",
        type: "grant",
        kind: "signup_grant",
        amount: 5,
        amount_microusd: 5_000_000,
        balance_after: 5,
        description: "Sign-up grant",
        created_at: "1970-01-01T00:00:01.000Z",
      },
    ]);
  });

  it("usage comes by day, model or key", async () => {
    const usage = cliData(CliUsage, await ada("GET", `${base}/usage?group=model&from=2026-01-01&to=2026-01-31`));
    const sums = { requests: 2, input_tokens: 1204, cached_tokens: 0, output_tokens: 310 };
    const cost = { cost: 0.004275, cost_microusd: 4275 };
    expect(usage).toEqual({
      group: "model",
      from: "2026-01-01",
      to: "2026-01-31",
      items: [{ group: "2026-01-31", label: "2026-01-31", ...sums, ...cost }],
      total: { ...sums, ...cost },
    });
  });
});

it("history asks Convex for its usual twenty, and for one type where one is named", async () => {
  await ada("GET", "/credits/history");
  await ada("GET", "/credits/history?type=auto_topup&limit=100&offset=40");
  expect((await world.state()).convex.credits.pages).toEqual([
    "?limit=20&offset=0",
    "?limit=100&offset=40&type=auto_topup",
  ]);
});

it("usage without days is the last thirty by day, today's too", async () => {
  const usage = cliData(CliUsage, await ada("GET", "/usage"));
  expect(usage.group).toBe("day");
  expect(usage.to).toBe(new Date().toISOString().slice(0, 10));
  expect((Date.parse(usage.to) - Date.parse(usage.from)) / 86_400_000).toBe(29);
});

describe("what is refused as INVALID_INPUT, and asked of nobody", () => {
  it.each([
    "/credits/history?limit=-1",
    "/credits/history?limit=0",
    "/credits/history?limit=101",
    "/credits/history?limit=abc",
    "/credits/history?limit=1.5",
    "/credits/history?offset=-1",
    `/credits/history?offset=${MAX_HISTORY_OFFSET + 1}`,
    "/credits/history?offset=NaN",
    "/credits/history?type=gift",
    "/usage?group=hour",
    "/usage?from=2026-13-01",
    "/usage?from=2026-02-02&to=2026-02-01",
    "/usage?from=2025-01-01&to=2026-01-01",
  ])("%s", async (path) => {
    const answer = await ada("GET", path);
    expect([answer.status, cliErrorOf(answer)]).toEqual([400, "INVALID_INPUT"]);
    expect((await world.state()).convex.credits.pages).toEqual([]);
  });
});
