import * as fc from "fast-check";

/**
 * The rules of holds in plain words and small numbers, written from the specification and not from the code. Calls are of a
 * model whose every token costs one micro-dollar, in and out.
 */
export type Step =
  | { kind: "authorize"; hold: number; key: boolean; input: number; output: number }
  | { kind: "settle"; hold: number; input: number; output: number }
  | { kind: "void"; hold: number }
  | { kind: "progress"; hold: number; output: number }
  | { kind: "expire" }
  | { kind: "credit"; number: number; amount: number }
  | { kind: "freeze"; frozen: boolean };

interface ModelHold {
  key: boolean;
  input: number;
  amount: number;
  progress: number;
  state: "open" | "settled" | "voided" | "expired";
  cost: number;
  /** A settlement or a void came after its time. */
  corrected: boolean;
  /** Was told of as a call. */
  used: boolean;
}

/** What the key may spend in all. */
export const KEY_LIMIT = 6000;
const MAX_OPEN = 20;

export class Model {
  readonly holds = new Map<number, ModelHold>();
  /** Given up before they were taken. */
  readonly forgone = new Set<number>();
  readonly credits = new Map<number, number>();
  /** Amounts of the ledger rows, in their order. */
  readonly rows: number[] = [];
  frozen = false;
  /** Charged without being held. */
  overrun = 0;

  get posted(): number {
    return this.rows.reduce((sum, amount) => sum + amount, 0);
  }

  get open(): ModelHold[] {
    return [...this.holds.values()].filter(({ state }) => state === "open");
  }

  get held(): number {
    return this.open.reduce((sum, { amount }) => sum + amount, 0);
  }

  /** What the key has spent, and holds. */
  get ofKey(): { posted: number; held: number; requests: number } {
    const holds = [...this.holds.values()].filter(({ key }) => key);
    return {
      posted: holds.reduce((sum, { cost }) => sum + cost, 0),
      held: holds.reduce((sum, { state, amount }) => sum + (state === "open" ? amount : 0), 0),
      requests: holds.filter(({ used }) => used).length,
    };
  }

  /** Does a step, and says what comes of it: a result, or the code of a refusal. */
  apply(step: Step): string {
    switch (step.kind) {
      case "authorize":
        return this.#authorize(step);
      case "settle":
        return this.#settle(step.hold, step.input + step.output);
      case "void":
        return this.#void(step.hold);
      case "progress": {
        const hold = this.holds.get(step.hold);
        if (hold === undefined) return "unknown_hold";
        if (hold.state === "open") hold.progress = Math.max(hold.progress, step.output);
        return "noted";
      }
      case "expire":
        for (const hold of this.open) {
          this.#charge(hold, "expired", Math.min(hold.amount, hold.input + hold.progress));
        }
        return "expired";
      case "credit": {
        const before = this.credits.get(step.number);
        if (before !== undefined) return before === step.amount ? "replayed" : "conflict";
        this.credits.set(step.number, step.amount);
        this.rows.push(step.amount);
        return "posted";
      }
      case "freeze":
        this.frozen = step.frozen;
        return "frozen";
    }
  }

  #authorize(step: Extract<Step, { kind: "authorize" }>): string {
    const before = this.holds.get(step.hold);
    if (before !== undefined) return before.state === "open" && before.key === step.key ? "granted" : "conflict";
    if (this.forgone.has(step.hold)) return "conflict";
    if (this.frozen) return "account_frozen";
    if (this.open.length >= MAX_OPEN) return "rate_limited";
    const amount = step.input + step.output;
    const available = this.posted - this.held;
    const left = step.key ? KEY_LIMIT - this.ofKey.posted - this.ofKey.held : Number.POSITIVE_INFINITY;
    if (amount > Math.min(available, left)) return left < available ? "credit_limit_exceeded" : "insufficient_credits";
    const { key, input } = step;
    this.holds.set(step.hold, {
      key,
      input,
      amount,
      progress: 0,
      state: "open",
      cost: 0,
      corrected: false,
      used: false,
    });
    return "granted";
  }

  #settle(number: number, cost: number): string {
    const hold = this.holds.get(number);
    if (hold === undefined) return "unknown_hold";
    if (hold.state === "open") {
      this.#charge(hold, "settled", cost);
      return "settled";
    }
    if (hold.state === "settled" || hold.corrected) return cost === hold.cost ? "settled" : "settle_conflict";
    this.#correct(hold, cost);
    return "settled";
  }

  #void(number: number): string {
    const hold = this.holds.get(number);
    if (hold === undefined) {
      this.forgone.add(number);
      return "unknown_hold";
    }
    if (hold.state === "open") hold.state = "voided";
    else if (hold.state === "expired" && !hold.corrected) this.#correct(hold, 0);
    return hold.state === "voided" ? "voided" : "settled";
  }

  #charge(hold: ModelHold, state: "settled" | "expired", cost: number): void {
    Object.assign(hold, { state, cost, used: true });
    this.overrun += Math.max(0, cost - hold.amount);
    if (cost > 0) this.rows.push(-cost);
  }

  #correct(hold: ModelHold, cost: number): void {
    this.overrun += Math.max(0, cost - hold.cost);
    if (cost !== hold.cost) this.rows.push(hold.cost - cost);
    Object.assign(hold, { cost, corrected: true, used: true });
  }
}

const hold = fc.integer({ min: 0, max: 5 });
const tokens = fc.oneof({ weight: 3, arbitrary: fc.integer({ min: 0, max: 600 }) }, fc.integer({ min: 0, max: 5000 }));

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant("authorize" as const),
      hold,
      key: fc.boolean(),
      input: tokens,
      output: tokens,
    }),
  },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant("settle" as const), hold, input: tokens, output: tokens }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("void" as const), hold }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("progress" as const), hold, output: tokens }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("expire" as const) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant("credit" as const),
      number: fc.integer({ min: 1, max: 4 }),
      amount: fc.integer({ min: 1, max: 8000 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("freeze" as const), frozen: fc.boolean() }) },
);

const FUNDED: Step = { kind: "credit", number: 9, amount: 9000 };

/** Steps of one user in any order, most often with something to spend; each of them perhaps said again at once or later. */
export const steps: fc.Arbitrary<Step[]> = fc
  .tuple(
    fc.integer({ min: 0, max: 7 }),
    fc.array(fc.tuple(step, fc.integer({ min: 0, max: 9 })), { minLength: 1, maxLength: 22 }),
  )
  .map(([funds, said]) => {
    const order: Step[] = funds === 0 ? [] : [FUNDED];
    for (const [next, echo] of said) {
      order.push(next);
      if (echo === 0) order.push(next);
    }
    for (const [next, echo] of said) if (echo === 1) order.push(next);
    return order;
  });
