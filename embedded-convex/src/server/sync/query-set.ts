/** The queries of one client: which it asks for, what it was last told of each, and what is news to it. */
import type { Identity, UdfResult } from "../../engine/types.ts";
import { refusal } from "../calls.ts";
import { refusedQuery, type LiveQuery, type View } from "./live-queries.ts";
import { ProtocolError, queryModification, queryRemoved, type AddQuery, type ModifyQuerySet } from "./protocol.ts";
import type { SyncParts } from "./sync-server.ts";

const MAX_QUERIES = 4096;

interface SyncQuery {
  add: AddQuery;
  journal: string | null;
  /** Null before its first run and after its removal. */
  live: LiveQuery | null;
  /** What the client was last told, without what differs from run to run. */
  told: string | null;
}

export class QuerySet {
  readonly #parts: SyncParts;
  readonly #onStale: () => void;
  readonly #queries = new Map<number, SyncQuery>();
  /** Queries whose result the client does not have, or not any more. */
  readonly #dirty = new Set<SyncQuery>();
  #removed: number[] = [];

  /** @param onStale Called when there may be news. */
  constructor(parts: SyncParts, onStale: () => void) {
    this.#parts = parts;
    this.#onStale = onStale;
  }

  get isDirty(): boolean {
    return this.#dirty.size > 0;
  }

  /** @throws ProtocolError */
  modify({ modifications }: ModifyQuerySet): void {
    for (const change of modifications) {
      if (change.type === "Add") this.#add(change);
      else this.#remove(change.queryId);
    }
  }

  /**
   * Starts to tell what is news to the client, `identity`. Whatever is asked for from here on is for the next time.
   * Subscribes at once, so that a query removed meanwhile always finds what to release.
   * @returns What to call with the moment to tell of; it resolves with the modifications of the transition.
   */
  take(identity: Identity, identityChanged: boolean): (view: View) => Promise<string[]> {
    const taken = [...(identityChanged ? this.#queries.values() : this.#dirty)];
    const removed = this.#removed.map(queryRemoved);
    this.#dirty.clear();
    this.#removed = [];
    for (const query of taken) {
      if (!identityChanged && query.live?.journal === query.journal) continue;
      const before = query.live;
      query.live = this.#subscribe(query, identity);
      // Held until the new one is: after a token's refresh both are the same.
      before?.release();
    }
    return async (view) => {
      const running = taken.map((query) => this.#newsOf(query, identity, view));
      // None may outlast its view, where one fails: other clients wait for the same results.
      await Promise.allSettled(running);
      const news = await Promise.all(running);
      return [...removed, ...news.flat()];
    };
  }

  /** Ends all subscriptions. */
  clear(): void {
    for (const query of this.#queries.values()) query.live?.release();
    this.#queries.clear();
    this.#dirty.clear();
  }

  #add(add: AddQuery): void {
    if (this.#queries.has(add.queryId)) throw new ProtocolError(`Query ${add.queryId} was added twice.`);
    if (this.#queries.size >= MAX_QUERIES)
      throw new ProtocolError(`More than ${MAX_QUERIES} queries on one connection.`);
    const query = { add, journal: add.journal ?? null, live: null, told: null };
    this.#queries.set(add.queryId, query);
    this.#dirty.add(query);
  }

  #remove(queryId: number): void {
    const query = this.#queries.get(queryId);
    if (query === undefined) throw new ProtocolError(`Query ${queryId} was removed without having been added.`);
    query.live?.release();
    query.live = null;
    this.#queries.delete(queryId);
    this.#dirty.delete(query);
    this.#removed.push(queryId);
  }

  #subscribe(query: SyncQuery, identity: Identity): LiveQuery {
    const { caller, liveQueries } = this.#parts;
    try {
      return liveQueries.subscribe(caller.prepare(query.add, identity), query.journal, () => {
        if (query.live === null) return;
        this.#dirty.add(query);
        this.#onStale();
      });
    } catch (error) {
      return refusedQuery(refusal(error), query.journal);
    }
  }

  /** Nothing for a result the client has. Keeps the journal that the query's next run continues from. */
  async #newsOf(query: SyncQuery, identity: Identity, view: View): Promise<string[]> {
    // Removed meanwhile: nobody asks any more.
    if (query.live === null) return [];
    const { result, journal } = await query.live.read(view).catch((error: unknown) => ({
      result: refusal(error),
      journal: null,
    }));
    if (result.ok) query.journal = journal;
    const shown = this.#parts.caller.present(result, identity);
    const told = signatureOf(shown);
    if (query.told === told) return [];
    query.told = told;
    return [queryModification(query.add.queryId, shown, query.journal)];
  }
}

/** Equal for results a client could not tell apart; the id of the request that computed one is not news. */
function signatureOf({ logLines, ...result }: UdfResult): string {
  const outcome = result.ok
    ? result.valueJson
    : `!${result.errorMessage.replace(/^\[Request ID: [^\]]*\] /, "")}\n${result.errorDataJson ?? ""}`;
  // Most results log nothing: no copy of a large value is made for them.
  return logLines.length === 0 ? outcome : `${outcome}\n${logLines.join("\n")}`;
}
