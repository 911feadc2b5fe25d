import { microUsd, type CreditOp, type CreditOpResult, NO_USAGE } from "@oa/contract";
import * as fc from "fast-check";
import { expect, it, vi } from "vitest";
import { internal } from "../_generated/api.js";
import { errorBodyOf } from "../lib/errors.ts";
import { dayOf } from "../lib/utcDays.ts";
import { postLedger } from "../model/ledger.ts";
import { KEY_LIMIT, Model, type Step, steps } from "./holdsModel.testing.ts";
import { setupTest, type TestDeployment } from "./setup.testing.ts";
import { holdId } from "./spending.testing.ts";

/** On SQLite a sample of what the engine in memory does a thousand times. */
const RUNS = process.env.CONVEX_TEST_ENGINE === "embedded-convex" ? 40 : 1000;
/** Another with every run. It is printed: `FC_SEED=<it>` brings the same histories again. */
const SEED = Number(process.env.FC_SEED ?? Date.now() % 2 ** 31);

const KEY = "00112233445566aa";
/** Every token, in or out, costs one micro-dollar. */
const PRICES = '{"penny": {"input_usd_per_million": 1, "output_usd_per_million": 1}}';
const TTL_MS = 60_000;

/** A user of the test's one deployment: histories are told apart by who they are of. */
class Books {
  readonly t: TestDeployment;
  readonly user: string;
  readonly #key: string;
  readonly #run: number;

  constructor(t: TestDeployment, run: number) {
    this.t = t;
    this.#run = run;
    this.user = `user-${run}`;
    this.#key = String(run).padStart(16, "0");
  }

  async open(): Promise<void> {
    await this.t.run(async (ctx) => {
      await ctx.db.insert("provisioned_keys", {
        key_id: this.#key,
        user_id: this.user,
        name: "my-app",
        secret_hash: `${KEY}${this.#run}`,
        prefix: "sk-prov-0000",
        credit_limit_microusd: KEY_LIMIT,
        limit_reset: null,
        disabled: false,
        created_at: 1,
      });
    });
  }

  #hold(number: number): string {
    return holdId(this.#run * 100 + number);
  }

  /** Does a step, and says what comes of it in the model's words. */
  async apply(step: Step): Promise<string> {
    switch (step.kind) {
      case "authorize":
        return await this.#op({
          op: "authorize",
          hold_id: this.#hold(step.hold),
          key_id: step.key ? this.#key : null,
          secret_hash: null,
          endpoint: "chat",
          model: "penny",
          input_tokens: step.input,
          max_output_tokens: step.output,
          choices: 1,
          ttl_ms: TTL_MS,
        });
      case "settle":
        return await this.#op({
          op: "settle",
          hold_id: this.#hold(step.hold),
          usage: { ...NO_USAGE, input: step.input, output: step.output },
          usage_source: "upstream",
          outcome: "completed",
          latency_ms: 1,
          first_byte_ms: null,
          upstream_cost_usd: null,
        });
      case "void":
        return await this.#op({ op: "void", hold_id: this.#hold(step.hold), reason: "nothing came" });
      case "progress":
        return await this.#op({ op: "progress", hold_id: this.#hold(step.hold), output_tokens: step.output });
      case "expire":
        await this.t.mutation(internal.holds.expireOf, { user_id: this.user, now: Date.now() + TTL_MS + 1 });
        return "expired";
      case "credit":
        return await this.#credit(step.number, step.amount);
      case "freeze":
        await this.#freeze(step.frozen);
        return "frozen";
    }
  }

  async #op(op: CreditOp): Promise<string> {
    const { results } = await this.t.mutation(internal.holds.applyBatch, { user_id: this.user, ops: [op] });
    const [result] = results;
    if (result === undefined) throw new Error("a batch of one has one result");
    return wordOf(result);
  }

  async #credit(number: number, amount: number): Promise<string> {
    try {
      const posting = await this.t.run(
        async (ctx) =>
          await postLedger(ctx, {
            userId: this.user,
            kind: "promo_grant",
            amount: microUsd(amount),
            idempotencyKey: `credit-${number}`,
          }),
      );
      return posting.replayed ? "replayed" : "posted";
    } catch (error) {
      return errorBodyOf(error)?.code ?? String(error);
    }
  }

  async #freeze(frozen: boolean): Promise<void> {
    await this.t.run(async (ctx) => {
      const status = frozen ? "frozen" : "active";
      const account = await ctx.db
        .query("credit_accounts")
        .withIndex("by_user_id", (q) => q.eq("user_id", this.user))
        .unique();
      const none = {
        posted_microusd: 0,
        held_microusd: 0,
        lifetime_credit_microusd: 0,
        lifetime_debit_microusd: 0,
        seq: 0,
      };
      if (account !== null) await ctx.db.patch("credit_accounts", account._id, { status });
      else await ctx.db.insert("credit_accounts", { ...none, user_id: this.user, status, updated_at: 1 });
    });
  }

  async read() {
    return await this.t.run(async (ctx) => ({
      account: await ctx.db
        .query("credit_accounts")
        .withIndex("by_user_id", (q) => q.eq("user_id", this.user))
        .unique(),
      ledger: await ctx.db
        .query("credit_ledger")
        .withIndex("by_user_id_seq", (q) => q.eq("user_id", this.user))
        .collect(),
      holds: (
        await Promise.all(
          (["open", "settled", "voided", "expired"] as const).map(
            async (state) =>
              await ctx.db
                .query("credit_holds")
                .withIndex("by_user_id_state", (q) => q.eq("user_id", this.user).eq("state", state))
                .collect(),
          ),
        )
      ).flat(),
      events: await ctx.db
        .query("usage_events")
        .withIndex("by_user_id_created_at", (q) => q.eq("user_id", this.user))
        .collect(),
      windows: await ctx.db
        .query("key_spend_windows")
        .withIndex("by_key_id_window", (q) => q.eq("key_id", this.#key))
        .collect(),
    }));
  }
}

function wordOf(result: CreditOpResult): string {
  return result.result === "refused" ? result.code : result.result;
}

const sum = (amounts: readonly number[]): number => amounts.reduce((total, amount) => total + amount, 0);

/** I1 to I5 of what is written, by themselves and against the model. */
function check(books: Awaited<ReturnType<Books["read"]>>, model: Model): void {
  const { account, ledger, holds, events, windows } = books;
  const amounts = ledger.map(({ amount_microusd }) => amount_microusd);
  const open = holds.filter(({ state }) => state === "open");
  // I1: the rows add up to what is posted, without gaps, each balance the one before and the amount.
  expect(amounts).toEqual(model.rows);
  expect(ledger.map(({ seq }) => seq)).toEqual(amounts.map((_, index) => index + 1));
  expect(ledger.map(({ balance_after_microusd }) => balance_after_microusd)).toEqual(
    amounts.map((_, index) => sum(amounts.slice(0, index + 1))),
  );
  expect(account?.posted_microusd ?? 0).toBe(sum(amounts));
  // I2: what is held is what the open holds hold, and never negative.
  expect(sum(open.map(({ amount_microusd }) => amount_microusd))).toBe(model.held);
  expect(account?.held_microusd ?? 0).toBe(model.held);
  expect(account?.open_holds ?? 0).toBe(open.length);
  // I3: only what was charged without being held takes a balance below zero.
  expect(account?.overrun_microusd ?? 0).toBe(model.overrun);
  expect((account?.posted_microusd ?? 0) - model.held).toBeGreaterThanOrEqual(-model.overrun);
  // I4: each hold ends once; each usage row is of one; keys are unique.
  expect(holds).toHaveLength(model.holds.size);
  expect(new Set(ledger.map(({ idempotency_key }) => idempotency_key)).size).toBe(ledger.length);
  const usage = ledger.filter(({ kind }) => kind === "usage").map(({ hold_id }) => hold_id);
  expect(new Set(usage).size).toBe(usage.length);
  const states = holds.map(({ state }) => state).sort();
  expect(states).toEqual([...model.holds.values()].map(({ state }) => state).sort());
  // I5: every window is what its calls cost, and hold.
  const key = model.ofKey;
  for (const window of windows) {
    const { posted_microusd: posted, held_microusd: held, requests } = window;
    expect({ posted, held, requests }).toEqual(key);
  }
  // And the calls that are told of add up to what was charged for them.
  const used = [...model.holds.values()].filter((hold) => hold.used);
  const ascending = (costs: number[]) => costs.sort((a, b) => a - b);
  expect(ascending(events.map(({ cost_microusd }) => cost_microusd))).toEqual(ascending(used.map(({ cost }) => cost)));
}

it(`whatever happens to calls, in whatever order and however often, the books are what the rules say (seed ${SEED})`, async () => {
  vi.spyOn(console, "error").mockImplementation(() => undefined);
  vi.stubEnv("INFERENCE_PRICES", PRICES);
  let t = setupTest();
  let run = 0;
  const outcomes = new Map<string, number>();
  const today = dayOf(Date.now());
  await fc.assert(
    fc.asyncProperty(steps, async (history) => {
      // Convex's own mock reads whole tables: they are kept short.
      if (run % 25 === 24) {
        t = setupTest();
        vi.stubEnv("INFERENCE_PRICES", PRICES);
      }
      run += 1;
      const books = new Books(t, run);
      await books.open();
      const model = new Model();
      for (const step of history) {
        const expected = model.apply(step);
        const name = `${step.kind}: ${expected}`;
        outcomes.set(name, (outcomes.get(name) ?? 0) + 1);
        expect({ step, result: await books.apply(step) }).toEqual({ step, result: expected });
        // A day that begins in the middle has its own windows.
        if (dayOf(Date.now()) === today) check(await books.read(), model);
      }
    }),
    { numRuns: RUNS, seed: SEED },
  );
  console.log(`${run} histories, seed ${SEED}: ${JSON.stringify(Object.fromEntries(outcomes))}`);
  expect(run).toBeGreaterThanOrEqual(RUNS);
  if (RUNS < 1000) return;
  for (const name of [
    "authorize: granted",
    "authorize: conflict",
    "authorize: account_frozen",
    "authorize: insufficient_credits",
    "authorize: credit_limit_exceeded",
    "settle: settled",
    "settle: settle_conflict",
    "settle: unknown_hold",
    "void: voided",
    "void: settled",
    "credit: replayed",
  ]) {
    expect([...outcomes.keys()]).toContain(name);
  }
}, 240_000);
