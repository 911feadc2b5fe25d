/** Which of many key ranges hold a given key, without looking at the others: an interval tree per index. */
import { Interval, IntervalTree } from "@flatten-js/interval-tree";

/** The keys from `lower` on, up to but not including `upper`. */
export interface KeyInterval {
  lower: Uint8Array;
  upper: Uint8Array;
}

/** A multimap from intervals to values. Empty intervals are never found. */
export class IntervalIndex<T> {
  readonly #tree = new IntervalTree<T>();

  add(interval: KeyInterval, value: T): void {
    this.#tree.insert(rangeOf(interval), value);
  }

  delete(interval: KeyInterval, value: T): void {
    this.#tree.remove(rangeOf(interval), value);
  }

  /** Adds to `into` every value one of whose intervals holds `key`. */
  stab(key: Uint8Array, into: Set<T>): void {
    const at = comparable(key);
    // The tree's intervals include their upper end, these do not.
    const found = this.#tree.search(new Interval(at, at), (value, { high }) => ({ value, isIn: high !== at }));
    for (const { value, isIn } of found) if (isIn) into.add(value);
  }
}

function rangeOf({ lower, upper }: KeyInterval): Interval {
  return new Interval(comparable(lower), comparable(upper));
}

/** Text that compares as the bytes do: one character a byte. */
function comparable({ buffer, byteOffset, byteLength }: Uint8Array): string {
  return Buffer.from(buffer, byteOffset, byteLength).toString("latin1");
}
