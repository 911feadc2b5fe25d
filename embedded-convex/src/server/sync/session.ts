/**
 * One client's socket: its queries, its identity, its mutations in order, and the transitions that tell it what changed.
 *
 * Promises kept here, on which the official clients build:
 * - every transition shows all queries at one timestamp, and starts where the last one ended;
 * - a mutation's answer leaves before the first transition that shows its writes, so that a client can drop its
 *   optimistic update in the same breath; and after every successful answer such a transition follows;
 * - messages are acted on in the order they came; mutations run in order, each after the one before;
 * - one transition is on its way at a time: what happens meanwhile is folded into the next one. No more is read from
 *   a client than it is answered, and takes: a slow reader costs no memory.
 */
import { setImmediate } from "node:timers/promises";
import type { WebSocket } from "ws";
import { EngineError, type Identity, type UdfResult } from "../../engine/types.ts";
import { refusal } from "../calls.ts";
import {
  authError,
  fatalError,
  functionResponse,
  ProtocolError,
  transition,
  type Authenticate,
  type ClientMessage,
  type Connect,
  type FunctionRequest,
  type ModifyQuerySet,
  type StateVersion,
} from "./protocol.ts";
import { QuerySet } from "./query-set.ts";
import type { SyncParts } from "./sync-server.ts";

/** With this many calls unanswered the socket is not read any further. */
const MAX_CALLS = 128;
/** Nor with this many bytes of answers that the client does not take. */
const MAX_UNSENT_BYTES = 1024 * 1024;
/** Actions of one socket that run at once; more are refused. */
const MAX_RUNNING_ACTIONS = 64;

export class Session {
  readonly #parts: SyncParts;
  readonly #socket: WebSocket;
  readonly #queries: QuerySet;
  /** What the client asked for, and what the last transition brought it to. */
  readonly #asked = { querySet: 0, identity: 0 };
  #told: StateVersion = { querySet: 0, identity: 0, ts: 0n };
  #identity: Identity = { kind: "none" };
  /** Empty until Connect. */
  #sessionId = "";
  #clientSkewMs = 0;
  #inbox: Promise<void> = Promise.resolve();
  #received = 0;
  /** Calls whose answer has not left yet. */
  readonly #calls = new Set<Promise<void>>();
  /** Ends when the last transition has left. The official client takes no answer between two of its parts. */
  #sending: Promise<void> = Promise.resolve();
  #runningActions = 0;
  /** A transition is owed even if no query changed: a version moved, or a mutation's promise waits for it. */
  #owed = false;
  #transitioning = false;
  #closed = false;

  constructor(parts: SyncParts, socket: WebSocket) {
    this.#parts = parts;
    this.#socket = socket;
    this.#queries = new QuerySet(parts, () => this.#wake());
  }

  /** Acts on `message` after all earlier ones; reads no further before that. */
  receive(message: ClientMessage): void {
    this.#received += 1;
    this.#socket.pause();
    this.#inbox = this.#inbox
      .then(() => this.#handle(message))
      .then(() => this.#hasRoom())
      .catch((error: unknown) => this.#fail(error))
      .finally(() => {
        this.#received -= 1;
        if (this.#received === 0) this.#socket.resume();
      });
  }

  /** The socket is gone: nothing is sent any more. Mutations already received still run. */
  closed(): void {
    this.#closed = true;
    this.#queries.clear();
  }

  /** Resolves when every call received so far has been answered. */
  async drain(): Promise<void> {
    await this.#inbox;
    await Promise.all(this.#calls);
  }

  async #hasRoom(): Promise<void> {
    const isFull = () => this.#calls.size >= MAX_CALLS || this.#socket.bufferedAmount > MAX_UNSENT_BYTES;
    while (this.#calls.size > 0 && isFull()) await Promise.race(this.#calls);
  }

  async #handle(message: ClientMessage): Promise<void> {
    if (this.#closed) return;
    if (this.#sessionId === "" && message.type !== "Connect")
      throw new ProtocolError("The first message must be Connect.");
    switch (message.type) {
      case "Connect":
        return this.#connect(message);
      case "Authenticate":
        return this.#authenticate(message);
      case "ModifyQuerySet":
        return this.#modifyQuerySet(message);
      case "Mutation":
      case "Action":
        return this.#startCall(message);
      case "Event":
        return undefined;
    }
  }

  #connect({ sessionId, clientTs, maxObservedTimestamp }: Connect): void {
    if (this.#sessionId !== "") throw new ProtocolError("Connect was sent twice.");
    this.#sessionId = sessionId;
    const now = this.#parts.now();
    this.#clientSkewMs = Math.round((clientTs ?? now) - now);
    if (maxObservedTimestamp !== undefined && maxObservedTimestamp > this.#parts.engine.storage.durableTs) {
      // It has seen commits this deployment does not have, say from before a restore: showing it an older state
      // would break its view, so it waits until time has passed it.
      throw new EngineError("InternalServerError", "This client has seen a newer state than this deployment has.", 503);
    }
  }

  async #authenticate(message: Authenticate): Promise<void> {
    if (message.baseVersion !== this.#asked.identity) {
      throw new ProtocolError(`Authenticate for identity ${message.baseVersion} while at ${this.#asked.identity}.`);
    }
    try {
      this.#identity = await this.#identify(message);
    } catch (error) {
      // A provider that cannot be reached says nothing of the token: the client comes back with the same one.
      if (!(error instanceof EngineError) || error.status >= 500) throw error;
      this.#refuse(error.message, message.baseVersion, true);
      return;
    }
    this.#asked.identity += 1;
    this.#owe();
  }

  async #identify(message: Authenticate): Promise<Identity> {
    const { authenticator } = this.#parts;
    if (message.tokenType === "None") return { kind: "none" };
    if (message.tokenType === "User") return authenticator.user(message.value);
    return authenticator.admin(message.value, message.impersonating ?? null);
  }

  #modifyQuerySet(message: ModifyQuerySet): void {
    if (message.baseVersion !== this.#asked.querySet || message.newVersion <= message.baseVersion) {
      throw new ProtocolError(`ModifyQuerySet from ${message.baseVersion} while at ${this.#asked.querySet}.`);
    }
    this.#queries.modify(message);
    this.#asked.querySet = message.newVersion;
    this.#owe();
  }

  /** Hands a mutation to the engine at once: its line keeps the order, and commits together what waits together. */
  #startCall(message: FunctionRequest): void {
    const running = this.#call(message, this.#identity)
      .catch((error: unknown) => this.#fail(error))
      .finally(() => this.#calls.delete(running));
    this.#calls.add(running);
  }

  async #call(message: FunctionRequest, identity: Identity): Promise<void> {
    if (this.#isExpired(identity)) return;
    let ts: bigint | null = null;
    let result: UdfResult;
    try {
      ({ result, ts } = await this.#run(message, identity));
      result = this.#parts.caller.present(result, identity);
    } catch (error) {
      result = refusal(error);
    }
    await this.#sending;
    // Gone meanwhile: it asks again when it comes back.
    if (this.#socket.readyState !== this.#socket.OPEN) return;
    const sent = this.#send(functionResponse(message, result, ts));
    if (ts !== null) this.#owe();
    await sent;
  }

  async #run(message: FunctionRequest, identity: Identity): Promise<{ result: UdfResult; ts: bigint | null }> {
    const { engine, caller } = this.#parts;
    const call = caller.prepare(message, identity);
    if (message.type === "Mutation")
      return engine.runner.runMutation(call, { session: { sessionId: this.#sessionId, requestId: message.requestId } });
    if (this.#runningActions >= MAX_RUNNING_ACTIONS)
      throw new EngineError("TooManyConcurrentRequests", `${MAX_RUNNING_ACTIONS} actions run already.`, 429);
    this.#runningActions += 1;
    try {
      return { result: await engine.runner.runAction(call), ts: null };
    } finally {
      this.#runningActions -= 1;
    }
  }

  #owe(): void {
    this.#owed = true;
    this.#wake();
  }

  #wake(): void {
    if (this.#transitioning || this.#closed) return;
    this.#transitioning = true;
    this.#transitions().catch((error: unknown) => this.#fail(error));
  }

  async #transitions(): Promise<void> {
    try {
      // Lets the rest of a burst of messages or commits arrive first.
      await setImmediate();
      while (!this.#closed && (this.#owed || this.#queries.isDirty)) await this.#transition();
    } finally {
      this.#transitioning = false;
    }
  }

  async #transition(): Promise<void> {
    const identity = this.#identity;
    if (this.#isExpired(identity)) return;
    const end = { ...this.#asked };
    this.#owed = false;
    const news = this.#queries.take(identity, end.identity !== this.#told.identity);
    const view = this.#parts.liveQueries.open();
    let modifications: string[];
    try {
      // Answers to mutations that this moment shows are already on their way to be sent: they go first.
      await setImmediate();
      modifications = await news(view);
    } finally {
      view.close();
    }
    if (this.#closed) return;
    const start = this.#told;
    this.#told = { ...end, ts: view.snapshot.ts };
    const clock = { clientSkewMs: this.#clientSkewMs, nowMs: this.#parts.now() };
    this.#sending = this.#sendAll(transition(start, this.#told, modifications, clock));
    await this.#sending;
  }

  /** Tells the client that `identity` is over and closes, so that it comes back with a fresh token. */
  #isExpired(identity: Identity): boolean {
    if (identity.kind !== "user" || this.#parts.now() < identity.expiresAtMs) return false;
    this.#refuse("The token has expired.", this.#asked.identity - 1, false);
    return true;
  }

  #refuse(error: string, baseVersion: number, authUpdateAttempted: boolean): void {
    void this.#send(authError(error, baseVersion, authUpdateAttempted));
    this.#end(1000, "AuthError");
  }

  #fail(error: unknown): void {
    if (this.#closed) return;
    if (error instanceof ProtocolError) {
      void this.#send(fatalError(error.message));
      this.#end(1002, error.message);
      return;
    }
    this.#parts.onError(error);
    this.#end(1011, "InternalServerError");
  }

  /** Resolves when the text has left the process, or the socket is gone. */
  #send(text: string): Promise<void> {
    return new Promise((resolve) => this.#socket.send(text, () => resolve()));
  }

  async #sendAll(texts: string[]): Promise<void> {
    for (const text of texts) await this.#send(text);
  }

  #end(code: number, reason: string): void {
    this.closed();
    this.#socket.close(code, reason);
  }
}
