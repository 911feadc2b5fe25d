import { LedgerKind, microUsd } from "@oa/contract";
import * as fc from "fast-check";
import { expect, it } from "vitest";
import { errorBodyOf } from "../lib/errors.ts";
import { postLedger } from "../model/ledger.ts";
import { setupTest, type TestDeployment } from "./setup.testing.ts";

interface Move {
  user: string;
  kind: LedgerKind;
  amount: number;
  key: string;
}

/** What a posting comes to: the balance after it, whether it had been posted before, or the code of its refusal. */
type Outcome = { after: number; replayed: boolean } | { refused: string };

/** A ledger in twenty lines, written from the rules in words and not from the code. */
class Model {
  readonly rows: (Move & { after: number })[] = [];

  post(move: Move): Outcome {
    const before = this.rows.find(({ user, key }) => user === move.user && key === move.key);
    if (before !== undefined) {
      const same = before.kind === move.kind && before.amount === move.amount;
      return same ? { after: before.after, replayed: true } : { refused: "conflict" };
    }
    const after = this.balance(move.user) + move.amount;
    const debit = ["usage", "refund", "dispute_debit", "grant_expiry", "admin_debit"].includes(move.kind);
    const wrongSign = move.kind !== "usage_correction" && debit !== move.amount < 0;
    if (move.amount === 0 || wrongSign) return { refused: "invalid_request" };
    const mustBeCovered = ["usage", "grant_expiry", "admin_debit"].includes(move.kind);
    if (mustBeCovered && after < 0) return { refused: "insufficient_credits" };
    this.rows.push({ ...move, after });
    return { after, replayed: false };
  }

  of(user: string): number[] {
    return this.rows.filter((row) => row.user === user).map(({ amount }) => amount);
  }

  kindsOf(user: string): Record<string, number> {
    const kinds: Record<string, number> = {};
    for (const row of this.rows) if (row.user === user) kinds[row.kind] = (kinds[row.kind] ?? 0) + 1;
    return kinds;
  }

  balance(user: string): number {
    return this.of(user).reduce((sum, amount) => sum + amount, 0);
  }
}

async function post(t: TestDeployment, move: Move): Promise<Outcome> {
  try {
    const posting = await t.run(
      async (ctx) =>
        await postLedger(ctx, {
          userId: move.user,
          kind: move.kind,
          amount: microUsd(move.amount),
          idempotencyKey: move.key,
        }),
    );
    return { after: posting.balance_after_microusd, replayed: posting.replayed };
  } catch (error) {
    return { refused: errorBodyOf(error)?.code ?? String(error) };
  }
}

const move: fc.Arbitrary<Move> = fc.record({
  user: fc.constantFrom("ada", "bob"),
  kind: fc.constantFrom(...LedgerKind.options),
  amount: fc.oneof(fc.integer({ min: -3000, max: 3000 }), fc.constantFrom(0, 5_000_000, -5_000_000)),
  key: fc.integer({ min: 1, max: 16 }).map((number) => `key-${number}`),
});

it("after any sequence of postings the ledger is what the rules say, and its invariants hold (I1, I3)", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(move, { minLength: 1, maxLength: 25 }), async (moves) => {
      const t = setupTest();
      const model = new Model();
      for (const next of moves) expect(await post(t, next)).toEqual(model.post(next));
      for (const user of ["ada", "bob"]) {
        const { account, rows } = await t.run(async (ctx) => ({
          account: await ctx.db
            .query("credit_accounts")
            .withIndex("by_user_id", (q) => q.eq("user_id", user))
            .unique(),
          rows: await ctx.db
            .query("credit_ledger")
            .withIndex("by_user_id_seq", (q) => q.eq("user_id", user))
            .collect(),
        }));
        const amounts = model.of(user);
        expect(rows.map(({ amount_microusd }) => amount_microusd)).toEqual(amounts);
        expect(rows.map(({ seq }) => seq)).toEqual(amounts.map((_, index) => index + 1));
        expect(account?.posted_microusd ?? 0).toBe(model.balance(user));
        expect(account?.seq ?? 0).toBe(amounts.length);
        expect(account?.rows_by_kind ?? {}).toEqual(model.kindsOf(user));
        const credits = amounts.filter((amount) => amount > 0).reduce((sum, amount) => sum + amount, 0);
        expect(account?.lifetime_credit_microusd ?? 0).toBe(credits);
        expect(account?.lifetime_debit_microusd ?? 0).toBe(credits - model.balance(user));
      }
    }),
    { numRuns: 60 },
  );
});

it("whatever the order of arrival, the sum is the same and no covered debit overdraws", async () => {
  const debits = fc.array(fc.integer({ min: 1, max: 900 }), { minLength: 2, maxLength: 12 });
  await fc.assert(
    fc.asyncProperty(debits, fc.integer({ min: 0, max: 3000 }), async (amounts, funds) => {
      const t = setupTest();
      if (funds > 0) await post(t, { user: "ada", kind: "topup", amount: funds, key: "topup" });
      const outcomes = await Promise.all(
        amounts.map(
          async (amount, index) => await post(t, { user: "ada", kind: "usage", amount: -amount, key: `call-${index}` }),
        ),
      );
      const spent = amounts
        .filter((_, index) => "after" in (outcomes[index] ?? {}))
        .reduce((sum, amount) => sum + amount, 0);
      const account = await t.run(async (ctx) => await ctx.db.query("credit_accounts").unique());
      expect(account?.posted_microusd ?? 0).toBe(funds - spent);
      expect(funds - spent).toBeGreaterThanOrEqual(0);
      // Every refused call would not have fitted when it was refused: none of them fits now.
      const smallestRefused = Math.min(
        ...amounts.filter((_, index) => "refused" in (outcomes[index] ?? {})),
        Number.POSITIVE_INFINITY,
      );
      expect(smallestRefused).toBeGreaterThan(funds - spent);
    }),
    { numRuns: 40 },
  );
});
