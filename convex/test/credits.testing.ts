import { CONTROL_PATHS, CREDIT_CONTROL_PATHS, CREDIT_KINDS, type LedgerKind, microUsd, NO_USAGE } from "@oa/contract";
import type { Doc } from "../_generated/dataModel.js";
import { postLedger } from "../model/ledger.ts";
import { until } from "./control.testing.ts";
import { People, tokenOf } from "./people.testing.ts";
import { setupTest, type TestDeployment } from "./setup.testing.ts";

export const PATHS = { ...CONTROL_PATHS, ...CREDIT_CONTROL_PATHS };

/** What a test says of a settled call; the rest is as usual. */
export interface Call {
  hold: string;
  cost: number;
  key?: string;
  model?: string;
  input?: number;
  output?: number;
  day?: string;
  at?: number;
}

const PRICE = {
  model: "gpt-5",
  version: "v1",
  rates: { input: 1, output: 1, cache_read: 1, cache_write_5m: 1, cache_write_1h: 1, reasoning: null },
  tiers: [],
  per_request_microusd: 0,
  max_input_tokens: null,
  max_output_tokens: null,
};

type Account = Omit<Doc<"credit_accounts">, "_id" | "_creationTime">;
type AccountPatch = {
  [Name in keyof Account]?: undefined extends Account[Name] ? Account[Name] | undefined : Account[Name];
};

/** Someone with $5.00, what is done to their money, and their page. */
export class Customer {
  readonly t: TestDeployment;
  readonly id: string;
  readonly people: People;
  readonly page: Pick<TestDeployment, "query">;

  constructor(t: TestDeployment, token: Awaited<ReturnType<typeof tokenOf>>) {
    this.t = t;
    this.id = token.subject;
    this.people = new People(t);
    this.page = t.withIdentity(token);
  }

  get control() {
    return this.people.control;
  }

  async post(kind: LedgerKind, usd: number, key = `${kind}-${usd}`): Promise<void> {
    const credit = CREDIT_KINDS.some((name) => name === kind);
    const amount = microUsd(Math.round(usd * 1_000_000) * (credit ? 1 : -1));
    await this.t.run(async (ctx) => {
      await postLedger(ctx, { userId: this.id, kind, amount, idempotencyKey: key });
    });
  }

  /** A settled call, as settle leaves it: event, ledger row and, of a key, its windows. */
  async call({ hold, cost, key, model = "gpt-5", input = 1204, output = 310, ...when }: Call): Promise<void> {
    const now = when.at ?? Date.now();
    const day = when.day ?? new Date(now).toISOString().slice(0, 10);
    await this.t.run(async (ctx) => {
      await ctx.db.insert("usage_events", {
        hold_id: hold,
        user_id: this.id,
        key_id: key ?? null,
        endpoint: "chat",
        model,
        usage: { ...NO_USAGE, input, output },
        usage_source: "upstream",
        outcome: "completed",
        cost_microusd: cost,
        held_microusd: cost,
        price_version: "v1",
        latency_ms: 900,
        first_byte_ms: 200,
        day,
        created_at: now,
      });
      if (cost > 0) {
        await postLedger(ctx, {
          userId: this.id,
          kind: "usage",
          amount: microUsd(-cost),
          idempotencyKey: `usage:${hold}`,
          call: { holdId: hold, keyId: key ?? null },
        });
      }
    });
  }

  /** A provisioned key. */
  async key(key_id: string, limit: number | null, reset: Doc<"provisioned_keys">["limit_reset"] = null): Promise<void> {
    await this.t.run(async (ctx) => {
      await ctx.db.insert("provisioned_keys", {
        key_id,
        user_id: this.id,
        name: `key ${key_id.slice(0, 3)}`,
        secret_hash: key_id.repeat(4),
        prefix: "sk-prov-0000",
        credit_limit_microusd: limit,
        limit_reset: reset,
        disabled: false,
        created_at: Date.now(),
      });
    });
  }

  /** What a key has spent and holds in a window. */
  async window(key_id: string, window: string, posted: number, held = 0): Promise<void> {
    await this.t.run(async (ctx) => {
      const before = await ctx.db
        .query("key_spend_windows")
        .withIndex("by_key_id_window", (q) => q.eq("key_id", key_id).eq("window", window))
        .unique();
      const fields = { posted_microusd: posted, held_microusd: held, requests: 1 };
      if (before === null) await ctx.db.insert("key_spend_windows", { key_id, window, ...fields });
      else await ctx.db.patch("key_spend_windows", before._id, fields);
    });
  }

  /** An open hold; the account and the windows do not know of it unless the test says so. */
  async hold(hold_id: string, amount: number, more: Partial<Doc<"credit_holds">> = {}): Promise<void> {
    await this.t.run(async (ctx) => {
      await ctx.db.insert("credit_holds", {
        hold_id,
        user_id: this.id,
        key_id: null,
        windows: [],
        endpoint: "chat",
        model: "gpt-5",
        price: PRICE,
        input_tokens: 1,
        max_output_tokens: 1,
        choices: 1,
        amount_microusd: amount,
        state: "open",
        progress_tokens: 0,
        expires_at: Date.now() + 60_000,
        created_at: Date.now(),
        ...more,
      });
    });
  }

  /** Undefined takes a field away. */
  async patchAccount(fields: AccountPatch): Promise<void> {
    await this.t.run(async (ctx) => {
      const account = await ctx.db
        .query("credit_accounts")
        .withIndex("by_user_id", (q) => q.eq("user_id", this.id))
        .unique();
      if (account !== null) await ctx.db.patch("credit_accounts", account._id, fields);
    });
  }

  async account(): Promise<Doc<"credit_accounts">> {
    const account = await this.t.run(
      async (ctx) =>
        await ctx.db
          .query("credit_accounts")
          .withIndex("by_user_id", (q) => q.eq("user_id", this.id))
          .unique(),
    );
    if (account === null) throw new Error("there is no account");
    return account;
  }

  /** What they are told, and have not put away. */
  async alerts(): Promise<Doc<"credit_alerts">[]> {
    return await this.t.run(
      async (ctx) =>
        await ctx.db
          .query("credit_alerts")
          .withIndex("by_user_id_created_at", (q) => q.eq("user_id", this.id))
          .collect(),
    );
  }

  async verify(): Promise<void> {
    await this.t.run(async (ctx) => {
      const id = ctx.db.normalizeId("users", this.id);
      if (id !== null) await ctx.db.patch("users", id, { email_verified_at: 1 });
    });
  }
}

/** A customer who has just signed up. */
export async function customer(email = "ada@example.com", t = setupTest()): Promise<Customer> {
  return new Customer(t, await tokenOf(t, await new People(t).signUp(email)));
}

/** Lets every job that is due run, and those they begin. */
export async function settle(t: TestDeployment): Promise<void> {
  await until("no job is due", async () => {
    await t.finishInProgressScheduledFunctions();
    const waiting = await t.run(async (ctx) => {
      const jobs = await ctx.db.system.query("_scheduled_functions").collect();
      const now = Date.now();
      return jobs.some(
        ({ state, scheduledTime }) => state.kind === "inProgress" || (state.kind === "pending" && scheduledTime <= now),
      );
    });
    return waiting ? undefined : true;
  });
}
