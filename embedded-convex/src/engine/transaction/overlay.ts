/**
 * What a mutation has written so far, merged over the committed rows by its own reads. Nothing reaches SQLite
 * before the commit, so a rollback, whole or to a savepoint, only forgets.
 */
import type { Table } from "../storage/catalog.ts";
import type { KeyRange } from "../types.ts";
import type { Order } from "../storage/reader.ts";
import { compareKeys, documentKey } from "../values/keys.ts";
import type { JsonObject } from "../values/json.ts";

export interface DocumentText {
  json: JsonObject;
  text: string;
}

/** One document the transaction wrote. `before` is its committed state, `after` what it is to become. */
export interface Change {
  readonly table: Table;
  readonly id: string;
  readonly before: (DocumentText & { rid: number }) | null;
  after: DocumentText | null;
}

/** Of one index: where a changed document now stands, or (`null`) where it no longer stands. */
export interface Entry {
  readonly key: Uint8Array;
  readonly text: string | null;
}

export class Overlay {
  private readonly changed = new Map<string, Change>();
  private readonly indexes = new Map<number, Entry[]>();
  private readonly undo: { change: Change; after: DocumentText | null }[] = [];

  change(id: string): Change | undefined {
    return this.changed.get(id);
  }

  /** What is not as it was; a document made and deleted again is. */
  changes(): Change[] {
    return [...this.changed.values()].filter(({ before, after }) => before !== after);
  }

  put(change: Change, after: DocumentText | null): void {
    this.undo.push({ change, after: change.after });
    this.changed.set(change.id, change);
    this.set(change, after);
  }

  /** A point to come back to. */
  savepoint(): number {
    return this.undo.length;
  }

  rollback(savepoint: number): void {
    for (const { change, after } of this.undo.splice(savepoint).toReversed()) this.set(change, after);
  }

  /** The nearest entry of the range strictly beyond `from` in reading order. */
  next({ index, lower, upper }: KeyRange, from: Uint8Array | null, order: Order): Entry | undefined {
    const entries = this.indexes.get(index);
    if (entries === undefined) return undefined;
    const { at, found } = find(entries, from ?? (order === "asc" ? lower : upper));
    const entry = order === "asc" ? entries[from === null ? at : at + found] : entries[at - 1];
    if (entry === undefined) return undefined;
    const inside = order === "asc" ? compareKeys(entry.key, upper) < 0 : compareKeys(entry.key, lower) >= 0;
    return inside ? entry : undefined;
  }

  private set(change: Change, after: DocumentText | null): void {
    for (const { id, fields } of change.table.indexes) {
      const entries = this.indexes.get(id) ?? [];
      this.indexes.set(id, entries);
      const replace = (state: DocumentText | null, ...texts: (string | null)[]): void => {
        if (state === null) return;
        const key = documentKey(fields, state.json);
        const { at, found } = find(entries, key);
        entries.splice(at, found, ...texts.map((text) => ({ key, text })));
      };
      replace(change.after);
      replace(change.before, null);
      replace(after, after?.text ?? null);
    }
    change.after = after;
  }
}

/** Where a key stands, or would stand, in a sorted array, and how many entries (0 or 1) have it. */
function find(entries: readonly Entry[], key: Uint8Array): { at: number; found: number } {
  let low = 0;
  let high = entries.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const entry = entries[middle];
    const order = entry === undefined ? 1 : compareKeys(entry.key, key);
    if (order === 0) return { at: middle, found: 1 };
    if (order < 0) low = middle + 1;
    else high = middle;
  }
  return { at: low, found: 0 };
}
