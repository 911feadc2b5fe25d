import { CREDIT_KINDS, DEBIT_KINDS, LedgerKind } from "@oa/contract";
import { describe, expect, it } from "vitest";
import { errorBodyOf } from "./errors.ts";
import { afterPosting, EMPTY_ACCOUNT, LEDGER_RULES, storedTotals, totalsOf } from "./ledgerRules.ts";

const FIVE_DOLLARS = 5_000_000;
const funded = afterPosting(EMPTY_ACCOUNT, "signup_grant", FIVE_DOLLARS);

function refusal(act: () => unknown): string | undefined {
  try {
    act();
  } catch (error) {
    return errorBodyOf(error)?.code;
  }
  return undefined;
}

describe("what a posting does to the totals", () => {
  it("a grant, then usage down to the last micro-dollar, then not one more", () => {
    const spent = afterPosting(funded, "usage", -FIVE_DOLLARS);
    expect(spent).toEqual({
      posted_microusd: 0,
      held_microusd: 0,
      open_holds: 0,
      status: "active",
      overrun_microusd: 0,
      lifetime_credit_microusd: FIVE_DOLLARS,
      lifetime_debit_microusd: FIVE_DOLLARS,
      seq: 2,
      rows_by_kind: { signup_grant: 1, usage: 1 },
    });
    expect(refusal(() => afterPosting(spent, "usage", -1))).toBe("insufficient_credits");
  });

  it("held credits cannot be spent twice", () => {
    const holding = { ...funded, held_microusd: 4_000_000 };
    expect(refusal(() => afterPosting(holding, "usage", -1_000_001))).toBe("insufficient_credits");
    expect(afterPosting(holding, "usage", -1_000_000).posted_microusd).toBe(4_000_000);
  });

  it("what was delivered is charged, held or not", () => {
    expect(afterPosting(funded, "usage", -6_000_000, true).posted_microusd).toBe(-1_000_000);
  });

  it.each(["refund", "dispute_debit"] as const)("a %s takes what is gone already, below zero if need be", (kind) => {
    expect(afterPosting(funded, kind, -6_000_000).posted_microusd).toBe(-1_000_000);
  });

  it.each(CREDIT_KINDS)("a %s is never negative", (kind) => {
    expect(LEDGER_RULES[kind].sign).toBe("credit");
    expect(refusal(() => afterPosting(funded, kind, -1))).toBe("invalid_request");
  });

  it.each(DEBIT_KINDS)("a %s is never positive", (kind) => {
    expect(LEDGER_RULES[kind].sign).toBe("debit");
    expect(refusal(() => afterPosting(funded, kind, 1))).toBe("invalid_request");
  });

  it.each([0, -0, 0.5, Number.NaN, Number.POSITIVE_INFINITY, Number.MAX_SAFE_INTEGER + 1])(
    "%s micro-dollars is not an amount, whatever the kind (R12)",
    (amount) => {
      for (const kind of LedgerKind.options) {
        expect(refusal(() => afterPosting(funded, kind, amount))).toBe("invalid_request");
      }
    },
  );

  it("a sum past what can be counted exactly is refused", () => {
    expect(refusal(() => afterPosting(funded, "topup", Number.MAX_SAFE_INTEGER))).toBe("invalid_request");
  });

  it("the refusal says what is missing, for people", () => {
    const act = () => afterPosting(funded, "usage", -6_000_000);
    expect(act).toThrow(/\$6\.00 is needed and \$5\.00 is available/);
  });
});

describe("an account from before there were holds", () => {
  const old = {
    posted_microusd: 4,
    held_microusd: 0,
    lifetime_credit_microusd: 5,
    lifetime_debit_microusd: 1,
    seq: 2,
  };

  it("is active, with nothing open", () => {
    expect(totalsOf(old)).toMatchObject({ open_holds: 0, status: "active", overrun_microusd: 0 });
  });

  it("does not pretend that its rows were counted, not after the next one either", () => {
    const after = afterPosting(totalsOf(old), "topup", 1);
    expect(after.rows_by_kind).toBeNull();
    expect(storedTotals(after)).not.toHaveProperty("rows_by_kind");
  });

  it("of nobody is empty, and its first row is counted", () => {
    expect(storedTotals(afterPosting(totalsOf(null), "topup", 1))).toMatchObject({ rows_by_kind: { topup: 1 } });
  });
});
