/** Proofs that a user's books are right, pure: each takes what was read in one transaction and says what does not add up. */

/** A ledger row as far as it is proven by its place and its amounts. */
export interface ProvenRow {
  seq: number;
  amount_microusd: number;
  balance_after_microusd: number;
}

/** Up to here a ledger is proven: so many rows, and so much in all. */
export interface Checkpoint {
  seq: number;
  sum_microusd: number;
}

/**
 * Goes on from a checkpoint over the rows after it, in their order: no gap, and each balance the one before and the amount. The
 * checkpoint moves only as far as all of that is so.
 */
export function proveRows(from: Checkpoint, rows: readonly ProvenRow[]): { proven: Checkpoint; findings: string[] } {
  let proven = from;
  for (const row of rows) {
    if (row.seq !== proven.seq + 1) {
      return { proven, findings: [`ledger row ${proven.seq + 1} is missing or doubled (found ${row.seq})`] };
    }
    const sum = proven.sum_microusd + row.amount_microusd;
    if (row.balance_after_microusd !== sum) {
      return {
        proven,
        findings: [`ledger row ${row.seq} leaves ${row.balance_after_microusd}, its amounts add up to ${sum}`],
      };
    }
    proven = { seq: row.seq, sum_microusd: sum };
  }
  return { proven, findings: [] };
}

/** The account against what was proven of its whole ledger (I1). */
export function proveTotals(account: { seq: number; posted_microusd: number }, proven: Checkpoint): string[] {
  const findings: string[] = [];
  if (account.seq !== proven.seq)
    findings.push(`the account counts ${account.seq} ledger rows, there are ${proven.seq}`);
  if (account.posted_microusd !== proven.sum_microusd) {
    findings.push(`the account has ${account.posted_microusd} posted, its ledger adds up to ${proven.sum_microusd}`);
  }
  return findings;
}

/** An open hold as far as it is proven. */
export interface OpenHold {
  hold_id: string;
  amount_microusd: number;
  expires_at: number;
}

/** A hold that nobody ended is ended within minutes after its time. */
const STUCK_AFTER_MS = 10 * 60 * 1000;

/** The account against its open holds (I2), and that none outlived its time. */
export function proveHolds(
  account: { held_microusd: number; open_holds: number | null },
  holds: readonly OpenHold[],
  now: number,
): string[] {
  const findings: string[] = [];
  const held = sumOf(holds);
  if (account.held_microusd !== held) {
    findings.push(`the account has ${account.held_microusd} held, its open holds add up to ${held}`);
  }
  if (account.open_holds !== null && account.open_holds !== holds.length) {
    findings.push(`the account counts ${account.open_holds} open holds, there are ${holds.length}`);
  }
  const stuck = holds.find(({ expires_at }) => expires_at + STUCK_AFTER_MS < now);
  if (stuck !== undefined) findings.push(`hold ${stuck.hold_id} is open long after its time`);
  return findings;
}

/** A window of a key against the open holds (I2) and the usage (I5) that count in it. */
export function proveWindow(
  window: { id: string; held_microusd: number; posted_microusd: number },
  found: { holds: readonly { amount_microusd: number }[]; used_microusd: number | null },
): string[] {
  const findings: string[] = [];
  const held = sumOf(found.holds);
  if (window.held_microusd !== held) {
    findings.push(`window ${window.id} has ${window.held_microusd} held, its open holds add up to ${held}`);
  }
  if (found.used_microusd !== null && window.posted_microusd !== found.used_microusd) {
    findings.push(
      `window ${window.id} has ${window.posted_microusd} spent, its calls add up to ${found.used_microusd}`,
    );
  }
  return findings;
}

function sumOf(holds: readonly { amount_microusd: number }[]): number {
  return holds.reduce((sum, { amount_microusd }) => sum + amount_microusd, 0);
}
