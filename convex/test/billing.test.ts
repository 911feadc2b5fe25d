import { BillingSummary, CONTROL_PATHS, LedgerPosting, SignUpResult } from "@oa/contract";
import { describe, expect, it } from "vitest";
import { Control } from "./control.testing.ts";
import { PATHS } from "./credits.testing.ts";
import { setupTest } from "./setup.testing.ts";

const SESSION = { session_hash: "5".repeat(64), ip: null, user_agent: null };

/** Someone who has just signed up, and so has $5.00. */
async function newcomer() {
  const t = setupTest();
  const control = new Control(t);
  const { user } = await control.ask(SignUpResult, CONTROL_PATHS.accountSignUp, {
    body: { email: "ada@example.com", password_hash: "scrypt$14$8$5$salt$hash", session: SESSION },
  });
  const id = user.user_id;
  return {
    t,
    control,
    id,
    balance: async () => await control.ask(BillingSummary, CONTROL_PATHS.billingSummary, { user: id }),
    burn: (amount_usd: number, idempotency_key: string, meta?: Record<string, unknown>) => ({
      user: id,
      body: { amount_usd, idempotency_key, ...(meta !== undefined && { meta }) },
    }),
    grant: (amount_usd: number, period: string) => ({ user: id, body: { amount_usd, period } }),
  };
}

describe("credits", () => {
  it("begin with $5.00 at sign-up", async () => {
    const { id, balance } = await newcomer();
    expect(await balance()).toEqual({
      user_id: id,
      balance_usd: 5,
      balance_microusd: 5_000_000,
      held_usd: 0,
      available_usd: 5,
    });
  });

  it("of someone we have never seen are nothing", async () => {
    const { control } = await newcomer();
    expect(await control.ask(BillingSummary, CONTROL_PATHS.billingSummary, { user: "stranger" })).toMatchObject({
      balance_usd: 0,
    });
  });

  it("burn to the micro-dollar: a call for four tenths of a cent is not free (R12)", async () => {
    const { control, balance, burn } = await newcomer();
    const posting = await control.ask(LedgerPosting, CONTROL_PATHS.creditsBurn, burn(0.004, "call-0001"));
    expect(posting).toMatchObject({
      kind: "usage",
      amount_microusd: -4000,
      balance_after_microusd: 4_996_000,
      replayed: false,
    });
    await control.ask(LedgerPosting, CONTROL_PATHS.creditsBurn, burn(0.000001, "call-0002"));
    expect((await balance()).balance_microusd).toBe(4_995_999);
  });

  it("add up exactly: two hundred times half a cent is a dollar", async () => {
    const { control, balance, burn } = await newcomer();
    for (let call = 0; call < 200; call += 1) {
      const { status } = await control.send(CONTROL_PATHS.creditsBurn, burn(0.005, `call-${1000 + call}`));
      if (status !== 200) throw new Error(`call ${call}: ${status}`);
    }
    expect(await balance()).toMatchObject({ balance_usd: 4, balance_microusd: 4_000_000 });
  });

  it.each([
    ["nothing", 0],
    ["less than half a micro-dollar", 0.0000001],
    ["a negative amount", -1],
    ["a text", "1"],
    ["more than ten thousand dollars", 10_001],
    ["no amount", undefined],
  ])("%s cannot be burnt, and nothing is written", async (_name, amount) => {
    const { control, balance, id } = await newcomer();
    const body = { amount_usd: amount, idempotency_key: "call-0001" };
    expect(await control.refusal(CONTROL_PATHS.creditsBurn, { user: id, body })).toMatchObject({
      status: 400,
      code: "invalid_request",
    });
    expect((await balance()).balance_microusd).toBe(5_000_000);
  });

  it("do not go below zero: the sentence says what is missing", async () => {
    const { control, balance, burn } = await newcomer();
    expect(await control.refusal(CONTROL_PATHS.creditsBurn, burn(5.000001, "call-0001"))).toMatchObject({
      status: 402,
      code: "insufficient_credits",
      message: "There are insufficient credits: $5.00 is needed and $5.00 is available. Top up to continue.",
      details: { required_microusd: 5_000_001, available_microusd: 5_000_000 },
    });
    expect((await balance()).balance_microusd).toBe(5_000_000);
  });

  it("of ten dollars' worth of calls at once, five dollars' worth go through", async () => {
    const { control, balance, burn } = await newcomer();
    const answers = await Promise.all(
      Array.from(
        { length: 20 },
        async (_, call) => (await control.send(CONTROL_PATHS.creditsBurn, burn(0.5, `call-00${call + 10}`))).status,
      ),
    );
    expect(answers.filter((status) => status === 200)).toHaveLength(10);
    expect(answers.filter((status) => status === 402)).toHaveLength(10);
    expect((await balance()).balance_microusd).toBe(0);
  });
});

describe("asked twice, done once", () => {
  it("nothing is burnt from an account that is frozen; what was burnt before is still answered", async () => {
    const { control, balance, burn } = await newcomer();
    await control.ask(LedgerPosting, CONTROL_PATHS.creditsBurn, burn(1, "call-0001"));
    const { user } = burn(1, "call-0001");
    const freeze = { act_id: "act-0001", frozen: true, reason: "a stolen card", actor: "root" };
    expect((await control.send(PATHS.creditsFreeze, { user, body: freeze })).status).toBe(200);
    expect(await control.refusal(CONTROL_PATHS.creditsBurn, burn(1, "call-0002"))).toMatchObject({
      status: 403,
      code: "account_frozen",
    });
    const again = await control.ask(LedgerPosting, CONTROL_PATHS.creditsBurn, burn(1, "call-0001"));
    expect(again.replayed).toBe(true);
    expect((await balance()).balance_microusd).toBe(4_000_000);
  });

  it("the same key burns once, and answers what it answered", async () => {
    const { control, balance, burn } = await newcomer();
    const first = await control.ask(LedgerPosting, CONTROL_PATHS.creditsBurn, burn(1, "call-0001", { model: "m" }));
    const again = await control.ask(LedgerPosting, CONTROL_PATHS.creditsBurn, burn(1, "call-0001", { model: "m" }));
    expect(again).toEqual({ ...first, replayed: true });
    expect((await balance()).balance_microusd).toBe(4_000_000);
  });

  it("twenty times at once is once", async () => {
    const { control, balance, burn } = await newcomer();
    const postings = await Promise.all(
      Array.from(
        { length: 20 },
        async () => await control.ask(LedgerPosting, CONTROL_PATHS.creditsBurn, burn(1, "call-0001")),
      ),
    );
    expect(postings.filter(({ replayed }) => !replayed)).toHaveLength(1);
    expect((await balance()).balance_microusd).toBe(4_000_000);
  });

  it("the same key for another amount is refused", async () => {
    const { control, balance, burn } = await newcomer();
    await control.send(CONTROL_PATHS.creditsBurn, burn(1, "call-0001"));
    expect(await control.refusal(CONTROL_PATHS.creditsBurn, burn(2, "call-0001"))).toMatchObject({
      status: 409,
      code: "conflict",
    });
    expect((await balance()).balance_microusd).toBe(4_000_000);
  });

  it("two users' equal keys have nothing to do with each other", async () => {
    const { control, burn } = await newcomer();
    await control.send(CONTROL_PATHS.creditsBurn, burn(1, "call-0001"));
    await control.send(CONTROL_PATHS.creditsGrantMonthly, {
      user: "user-2",
      body: { amount_usd: 3, period: "2026-11" },
    });
    const other = await control.ask(LedgerPosting, CONTROL_PATHS.creditsBurn, {
      user: "user-2",
      body: { amount_usd: 2, idempotency_key: "call-0001" },
    });
    expect(other).toMatchObject({ user_id: "user-2", replayed: false, balance_after_microusd: 1_000_000 });
  });

  it("no caller's key can stand in the way of a grant", async () => {
    const { control, id, balance, burn, grant } = await newcomer();
    await control.send(CONTROL_PATHS.creditsBurn, burn(1, `monthly:${id}:2026-11`));
    await control.send(CONTROL_PATHS.creditsGrantMonthly, grant(10, "2026-11"));
    expect((await balance()).balance_microusd).toBe(14_000_000);
  });

  it("a month is granted once, the next month again", async () => {
    const { control, balance, grant } = await newcomer();
    const first = await control.ask(LedgerPosting, CONTROL_PATHS.creditsGrantMonthly, grant(10, "2026-11"));
    const again = await control.ask(LedgerPosting, CONTROL_PATHS.creditsGrantMonthly, grant(10, "2026-11"));
    await control.send(CONTROL_PATHS.creditsGrantMonthly, grant(10, "2026-12"));
    expect([first.replayed, again.replayed]).toEqual([false, true]);
    expect((await balance()).balance_microusd).toBe(25_000_000);
  });

  it.each(["2026-13", "2026-1", "november"])("%s is no month", async (period) => {
    const { control, grant } = await newcomer();
    expect(await control.refusal(CONTROL_PATHS.creditsGrantMonthly, grant(10, period))).toMatchObject({ status: 400 });
  });
});

describe("what is written", () => {
  it("is one row a movement, numbered without gaps, with the seed's fields derived", async () => {
    const { t, control, id, burn } = await newcomer();
    await control.send(CONTROL_PATHS.creditsBurn, burn(0.25, "call-0001", { model: "m", tokens: 12 }));
    const rows = await t.run(async (ctx) => await ctx.db.query("credit_ledger").collect());
    expect(rows).toMatchObject([
      {
        user_id: id,
        kind: "signup_grant",
        amount_usd: 5,
        amount_microusd: 5_000_000,
        seq: 1,
        balance_after_microusd: 5_000_000,
        idempotency_key: `signup:${id}`,
      },
      {
        kind: "usage",
        amount_usd: -0.25,
        amount_microusd: -250_000,
        seq: 2,
        balance_after_microusd: 4_750_000,
        idempotency_key: "burn:call-0001",
        meta: { model: "m", tokens: 12 },
      },
    ]);
  });
});
