/**
 * How much of a grant was not spent when it lapses, pure. No call says which credit paid for it, so it is worked out from the account's
 * lifetime debit alone: each grant was given at one reading of it and takes, from there on, the earliest spending that no grant
 * before it in the order has taken. In the order, smaller priorities come first, then what lapses sooner, then the older.
 *
 * What was taken back from lapsed grants raised that reading too, and was no spending: it belongs to nobody. Refunds and other
 * debits count as spending, so that a lapse never takes what was paid for.
 */
export interface GrantFacts {
  id: string;
  amount: number;
  /** Lifetime debit when it was granted. */
  baseline: number;
  priority: number;
  /** Null: never. */
  expiresAt: number | null;
  createdAt: number;
  /** Where it has lapsed: what was taken back, and the lifetime debit just before. */
  lapse: { amount: number; atDebit: number } | null;
}

/** A stretch of the lifetime debit, `from` included, `to` excluded. */
interface Stretch {
  from: number;
  to: number;
}

/** What is left of the grant `id` at a lifetime debit of `debit`; 0 where it is spent, or not among them. */
export function unspentOf(grants: readonly GrantFacts[], id: string, debit: number): number {
  let free: Stretch[] = [{ from: 0, to: debit }];
  for (const { lapse } of grants) {
    if (lapse !== null) free = without(free, { from: lapse.atDebit, to: lapse.atDebit + lapse.amount });
  }
  for (const grant of grants.toSorted(byOrder)) {
    const taken = earliest(free, { from: grant.baseline, to: grant.lapse?.atDebit ?? debit }, grant.amount);
    if (grant.id === id) return grant.amount - taken.reduce((sum, { from, to }) => sum + to - from, 0);
    for (const stretch of taken) free = without(free, stretch);
  }
  return 0;
}

function byOrder(a: GrantFacts, b: GrantFacts): number {
  const lapsesAt = ({ expiresAt }: GrantFacts) => expiresAt ?? Number.MAX_SAFE_INTEGER;
  return a.priority - b.priority || lapsesAt(a) - lapsesAt(b) || a.createdAt - b.createdAt;
}

/** The first `amount` of what is free within a stretch; less where there is less. */
function earliest(free: readonly Stretch[], within: Stretch, amount: number): Stretch[] {
  const taken: Stretch[] = [];
  let left = amount;
  for (const { from, to } of free) {
    const start = Math.max(from, within.from);
    const end = Math.min(to, within.to, start + left);
    if (end <= start) continue;
    taken.push({ from: start, to: end });
    left -= end - start;
  }
  return taken;
}

function without(free: readonly Stretch[], gone: Stretch): Stretch[] {
  return free
    .flatMap(({ from, to }) => [
      { from, to: Math.min(to, gone.from) },
      { from: Math.max(from, gone.to), to },
    ])
    .filter(({ from, to }) => from < to);
}
