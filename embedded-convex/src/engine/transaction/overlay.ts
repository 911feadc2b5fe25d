/**
 * What a mutation has written so far, merged over the committed rows by its own reads. Nothing reaches SQLite
 * before the commit, so a rollback, whole or to a savepoint, only forgets.
 */
import type { Index, Table } from "../storage/catalog.ts";
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

/** An entry of one index: where a changed document now stands, or (`null`) where it no longer stands. */
interface Entry {
  key: Uint8Array;
  document: DocumentText | null;
}

export class Overlay {
  private readonly changed = new Map<string, Change>();
  private readonly indexes = new Map<number, SortedEntries>();
  private readonly undo: { change: Change; after: DocumentText | null; isNew: boolean }[] = [];

  get isEmpty(): boolean {
    return this.changed.size === 0;
  }

  change(id: string): Change | undefined {
    return this.changed.get(id);
  }

  changes(): IterableIterator<Change> {
    return this.changed.values();
  }

  put(change: Change, after: DocumentText | null): void {
    const isNew = !this.changed.has(change.id);
    this.undo.push({ change, after: change.after, isNew });
    this.changed.set(change.id, change);
    this.set(change, after);
  }

  /** A point to come back to. */
  savepoint(): number {
    return this.undo.length;
  }

  rollback(savepoint: number): void {
    while (this.undo.length > savepoint) {
      const last = this.undo.pop();
      if (last === undefined) return;
      this.set(last.change, last.after);
      if (last.isNew) {
        this.changed.delete(last.change.id);
        for (const index of last.change.table.indexes) this.forget(last.change, index);
      }
    }
  }

  /** The nearest entry strictly beyond `from` in reading order, inside [lower, upper). */
  next(index: number, from: Uint8Array | null, lower: Uint8Array, upper: Uint8Array, order: Order): Entry | null {
    return this.indexes.get(index)?.next(from, lower, upper, order) ?? null;
  }

  private set(change: Change, after: DocumentText | null): void {
    for (const index of change.table.indexes) {
      const entries = this.entries(index);
      const beforeKey = change.before === null ? null : documentKey(index.fields, change.before.json);
      if (change.after !== null) entries.delete(documentKey(index.fields, change.after.json));
      if (beforeKey !== null) entries.set({ key: beforeKey, document: null });
      if (after !== null) entries.set({ key: documentKey(index.fields, after.json), document: after });
    }
    change.after = after;
  }

  private forget(change: Change, index: Index): void {
    if (change.before !== null) this.entries(index).delete(documentKey(index.fields, change.before.json));
    if (change.after !== null) this.entries(index).delete(documentKey(index.fields, change.after.json));
  }

  private entries(index: Index): SortedEntries {
    let entries = this.indexes.get(index.id);
    if (entries === undefined) {
      entries = new SortedEntries();
      this.indexes.set(index.id, entries);
    }
    return entries;
  }
}

/** A sorted array: mutations write few documents, mostly at the end of time-ordered indexes. */
class SortedEntries {
  private readonly entries: Entry[] = [];

  set(entry: Entry): void {
    const at = this.lowerBound(entry.key);
    const found = this.entries[at];
    const replaces = found !== undefined && compareKeys(found.key, entry.key) === 0;
    this.entries.splice(at, replaces ? 1 : 0, entry);
  }

  delete(key: Uint8Array): void {
    const at = this.lowerBound(key);
    const found = this.entries[at];
    if (found !== undefined && compareKeys(found.key, key) === 0) this.entries.splice(at, 1);
  }

  next(from: Uint8Array | null, lower: Uint8Array, upper: Uint8Array, order: Order): Entry | null {
    if (order === "asc") {
      let at = this.lowerBound(from ?? lower);
      const found = this.entries[at];
      if (from !== null && found !== undefined && compareKeys(found.key, from) === 0) at += 1;
      const entry = this.entries[at];
      return entry !== undefined && compareKeys(entry.key, upper) < 0 ? entry : null;
    }
    const entry = this.entries[this.lowerBound(from ?? upper) - 1];
    return entry !== undefined && compareKeys(entry.key, lower) >= 0 ? entry : null;
  }

  /** Position of the first entry whose key is not below `key`. */
  private lowerBound(key: Uint8Array): number {
    let low = 0;
    let high = this.entries.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const entry = this.entries[middle];
      if (entry !== undefined && compareKeys(entry.key, key) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
