import { setTimeout as sleep } from "node:timers/promises";
import { messageOf } from "../log.ts";
import type { ProcessRecord } from "../store.ts";
import type { BootGate } from "./bootGate.ts";
import type { Command } from "./command.ts";
import { type CrashRecord, type Ending, NO_CRASHES, nextMove } from "./crashPolicy.ts";
import { type GatewayProcess, adopt, endProcess, killTree, launch } from "./process.ts";
import { probe } from "./probes.ts";

/**
 * Keeps one gateway running: starts it, waits until it is ready, watches it, and starts it again after an end nobody asked
 * for. One loop an instance, and a loop starts only when the one before has ended and nothing of its gateway is left: that
 * is why there are never two gateways on one state folder.
 */

export type SupervisorState =
  | { at: "stopped" }
  /** Folders and configuration are being written. */
  | { at: "storage" }
  /** Other gateways are booting; this one is next in line. */
  | { at: "queued" }
  /** Started, not listening yet. */
  | { at: "boot"; pid: number; launchedAt: number }
  /** Listening, not ready yet. */
  | { at: "health"; pid: number; launchedAt: number; pending: string[] }
  | { at: "ready"; pid: number; port: number; launchedAt: number }
  /** Ended by itself; tried again at `until`. `failing` once it has failed often. */
  | { at: "waiting"; until: number; failing: boolean; why: string }
  | { at: "stopping"; pid: number | null }
  /** Nothing the host does by itself will help. */
  | { at: "failed"; why: string };

export interface LaunchPlan {
  command: Command;
  port: number;
  launchKey: string;
}

export interface SupervisorLimits {
  /** From launch to ready; a cold boot takes 22 s alone and several times that on a busy machine. */
  bootDeadlineMs: number;
  bootPollMs: number;
  livenessPollMs: number;
  /** Unanswered liveness probes in a row until the gateway is ended. */
  livenessMisses: number;
}

export const SUPERVISOR_LIMITS: SupervisorLimits = {
  bootDeadlineMs: 240_000,
  bootPollMs: 150,
  livenessPollMs: 10_000,
  livenessMisses: 6,
};

export interface SupervisorDeps {
  home: string;
  spool: string;
  gate: BootGate;
  limits: SupervisorLimits;
  now: () => number;
  /** Milliseconds of a clock that only goes on. */
  elapsed: () => number;
  /**
   * Writes what a gateway needs and says how to start it. What it throws is told to people. `heldPort` is the port of a
   * gateway that is being taken over.
   */
  prepare: (heldPort: number | null) => Promise<LaunchPlan>;
  /** After a refused configuration; says what it did, or null when there was nothing to do. */
  repair: () => Promise<string | null>;
  /** Durable memory of the process. */
  remember: (process: ProcessRecord | null) => void;
  /** The gateway has just become ready. */
  ready: () => Promise<void>;
  /** The last thing the gateway complained about, for people. */
  lastWords: () => Promise<string | null>;
  changed: () => void;
  note: (level: "info" | "warn" | "error", text: string) => void;
}

/** A gateway of a former host that was started differently gets this long to finish its work. */
const OUTDATED_GRACE_MS = 20_000;

interface Loop {
  stop: AbortController;
  done: Promise<void>;
}

export class Supervisor {
  readonly #deps: SupervisorDeps;
  #state: SupervisorState = { at: "stopped" };
  #restarts = 0;
  #graceMs = 0;
  #loop: Loop | null = null;
  readonly #settled = new Set<() => void>();

  constructor(deps: SupervisorDeps) {
    this.#deps = deps;
  }

  get state(): SupervisorState {
    return this.#state;
  }

  /** Unplanned ends since the last deliberate start. */
  get restarts(): number {
    return this.#restarts;
  }

  /** Wants a gateway from now on. With `former`, the process of a former host is taken over if it still lives. */
  start(former: ProcessRecord | null = null): void {
    if (this.#loop !== null) return;
    this.#restarts = 0;
    const stop = new AbortController();
    const done = this.#run(stop.signal, former).catch((error: unknown) => {
      this.#set({ at: "failed", why: `The host could not run the gateway: ${messageOf(error)}.` });
      this.#deps.note("error", `supervision ended: ${messageOf(error)}`);
    });
    this.#loop = { stop, done };
  }

  /** Wants none from now on; resolves when nothing of it is left. The work it is at gets `graceMs` to finish. */
  async stop(graceMs: number): Promise<void> {
    const loop = this.#loop;
    if (loop === null) return;
    this.#graceMs = graceMs;
    loop.stop.abort();
    await loop.done;
    this.#loop = null;
    this.#set({ at: "stopped" });
  }

  /** True from `start` until `stop` has finished. */
  get wanted(): boolean {
    return this.#loop !== null;
  }

  /**
   * The next state that answers "did it come up": ready, failed, stopped, or waiting after a failure (with `patient`, only
   * once it has failed often). Rejects when the signal is aborted first.
   */
  async settled(signal: AbortSignal, patient: boolean): Promise<SupervisorState> {
    for (;;) {
      const state = this.#state;
      if (state.at === "ready" || state.at === "failed" || (state.at === "stopped" && this.#loop === null))
        return state;
      if (state.at === "waiting" && (state.failing || !patient)) return state;
      signal.throwIfAborted();
      await new Promise<void>((resolve) => {
        const wake = () => {
          this.#settled.delete(wake);
          signal.removeEventListener("abort", wake);
          resolve();
        };
        this.#settled.add(wake);
        signal.addEventListener("abort", wake, { once: true });
      });
    }
  }

  async #run(signal: AbortSignal, former: ProcessRecord | null): Promise<void> {
    let record: CrashRecord = NO_CRASHES;
    let adoptable = former;
    while (!signal.aborted) {
      const result = await this.#once(signal, adoptable);
      adoptable = null;
      if (result === "stopped") return;
      const next = await this.#afterEnding(record, result);
      if (next === "failed") return;
      record = next.record;
      if (next.delayMs > 0) await sleep(next.delayMs, undefined, { signal }).catch(() => undefined);
    }
  }

  /** One gateway from start to end. */
  async #once(signal: AbortSignal, former: ProcessRecord | null): Promise<Ending | "stopped" | Error> {
    const deps = this.#deps;
    let gateway: GatewayProcess | null = null;
    let leaveGate: (() => void) | null = null;
    let startedAt = deps.elapsed();
    try {
      this.#set({ at: "storage" });
      gateway = former === null ? null : await this.#takeOver(former);
      if (gateway === null) {
        const plan = await deps.prepare(null);
        // Whatever a former host left of it must be gone before there is another one.
        await killTree(deps.home);
        this.#set({ at: "queued" });
        leaveGate = await deps.gate.enter(signal);
        startedAt = deps.elapsed();
        gateway = await launch({ command: plan.command, port: plan.port, spool: deps.spool, now: deps.now });
        const { pid, start, port, launchedAt } = gateway;
        deps.remember({ pid, start, port, launchedAt, launchKey: plan.launchKey });
        deps.note("info", `gateway started (pid ${pid}, port ${port})`);
      }
      const early = await this.#untilReady(gateway, signal);
      leaveGate?.();
      if (early === "stopped") return "stopped";
      if (early !== null) return early;
      this.#set({ at: "ready", pid: gateway.pid, port: gateway.port, launchedAt: gateway.launchedAt });
      if (!gateway.adopted) deps.note("info", `gateway ready after ${Math.round(deps.elapsed() - startedAt)} ms`);
      const readySince = deps.elapsed();
      await deps.ready().catch((error: unknown) => deps.note("warn", `after the start: ${messageOf(error)}`));
      return await this.#untilEnd(gateway, signal, readySince);
    } catch (error) {
      if (signal.aborted) return "stopped";
      return error instanceof Error ? error : new Error(messageOf(error));
    } finally {
      leaveGate?.();
      await this.#clear(gateway, signal);
    }
  }

  /** The gateway of a former host, if it lives and is what would be started now; one that is not is ended. */
  async #takeOver(former: ProcessRecord): Promise<GatewayProcess | null> {
    const deps = this.#deps;
    const gateway = await adopt(former);
    if (gateway === null) return null;
    try {
      const plan = await deps.prepare(gateway.port);
      if (plan.launchKey !== former.launchKey) {
        await endProcess(gateway, deps.home, OUTDATED_GRACE_MS);
        return null;
      }
    } catch (error) {
      // A full disk, say: no reason to end a gateway that runs.
      deps.note("warn", `what the running gateway reads could not be renewed: ${messageOf(error)}`);
    }
    deps.note("info", `gateway of the former host taken over (pid ${gateway.pid})`);
    return gateway;
  }

  /** Ends what is left of a gateway, kindly if it was told to stop, and forgets it. */
  async #clear(gateway: GatewayProcess | null, signal: AbortSignal): Promise<void> {
    if (signal.aborted) this.#set({ at: "stopping", pid: gateway?.pid ?? null });
    if (gateway === null) await killTree(this.#deps.home);
    else await endProcess(gateway, this.#deps.home, signal.aborted ? this.#graceMs : 0);
    try {
      this.#deps.remember(null);
    } catch (error) {
      // A full disk, say: a record of a process that is gone does no harm, and the next start writes another.
      this.#deps.note("warn", `the end of the gateway could not be written down: ${messageOf(error)}`);
    }
  }

  async #untilReady(gateway: GatewayProcess, signal: AbortSignal): Promise<Ending | "stopped" | null> {
    const { limits, elapsed } = this.#deps;
    const { pid, launchedAt } = gateway;
    // The deadline of an adopted gateway counts from now: it may have been ready for days.
    const deadline = elapsed() + limits.bootDeadlineMs;
    let exited = false;
    void gateway.exited.then(() => (exited = true));
    if (!gateway.adopted) this.#set({ at: "boot", pid, launchedAt });
    for (;;) {
      if (signal.aborted) return "stopped";
      if (exited) return { exit: await gateway.exited, readyForMs: null };
      const answer = await probe(gateway.port, "/startupz");
      if (answer.answered && answer.ok) return null;
      if (answer.answered && !exited) this.#set({ at: "health", pid, launchedAt, pending: answer.failing });
      if (elapsed() > deadline) return { exit: "boot-timeout", readyForMs: null };
      await Promise.race([gateway.exited, sleep(limits.bootPollMs)]);
    }
  }

  async #untilEnd(gateway: GatewayProcess, signal: AbortSignal, readySince: number): Promise<Ending | "stopped"> {
    const { limits, elapsed } = this.#deps;
    const stopped = new Promise<"stopped">((resolve) => {
      if (signal.aborted) resolve("stopped");
      signal.addEventListener("abort", () => resolve("stopped"), { once: true });
    });
    let misses = 0;
    for (;;) {
      const pause = new AbortController();
      const event = await Promise.race([
        gateway.exited,
        stopped,
        sleep(limits.livenessPollMs, "poll" as const, { signal: pause.signal }).catch(() => "poll" as const),
      ]);
      pause.abort();
      if (event === "stopped") return "stopped";
      if (event !== "poll") return { exit: event, readyForMs: elapsed() - readySince };
      const answer = await probe(gateway.port, "/healthz");
      misses = answer.answered ? 0 : misses + 1;
      if (misses >= limits.livenessMisses) return { exit: "unresponsive", readyForMs: elapsed() - readySince };
    }
  }

  async #afterEnding(
    before: CrashRecord,
    ending: Ending | Error,
  ): Promise<{ record: CrashRecord; delayMs: number } | "failed"> {
    const deps = this.#deps;
    const asEnding: Ending = ending instanceof Error ? { exit: { code: 1, signal: null }, readyForMs: null } : ending;
    const move = nextMove(before, asEnding);
    if (move.kind === "again") {
      deps.note("info", "gateway asked to be started again");
      return { record: move.record, delayMs: 0 };
    }
    this.#restarts += 1;
    const why =
      ending instanceof Error
        ? `The gateway could not be started: ${ending.message}`
        : withWords(move.why, await deps.lastWords());
    if (move.kind === "give-up") {
      deps.note("error", `gateway given up: ${why}`);
      this.#set({ at: "failed", why });
      return "failed";
    }
    const repaired = move.kind === "repair" ? await deps.repair() : null;
    const failing = move.kind === "retry" && move.failing;
    deps.note("warn", `${why} Started again in ${move.delayMs} ms.${repaired === null ? "" : ` ${repaired}`}`);
    this.#set({
      at: "waiting",
      until: deps.now() + move.delayMs,
      failing,
      why: repaired === null ? why : `${why} ${repaired}`,
    });
    return { record: move.record, delayMs: move.delayMs };
  }

  #set(state: SupervisorState): void {
    const same = JSON.stringify(state) === JSON.stringify(this.#state);
    this.#state = state;
    if (same) return;
    for (const wake of this.#settled) wake();
    this.#deps.changed();
  }
}

const LONGEST_WORDS = 300;

function withWords(why: string, words: string | null): string {
  return words === null ? why : `${why} It said: ${words.slice(0, LONGEST_WORDS)}`;
}
