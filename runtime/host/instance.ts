import { ApiError, type FleetInstance, type FleetSpec, type RestartResult, type RuntimeEvent } from "@oa/contract";
import type { Hono } from "hono";
import { redact } from "../src/redact.ts";
import { Backups } from "./backups/backups.ts";
import type { HostContext } from "./context.ts";
import { keepGoodConfig } from "./gateway/configFile.ts";
import { DeviceMirror } from "./gateway/deviceMirror.ts";
import type { LinkTarget } from "./gateway/link.ts";
import { killJobs, killTree } from "./gateway/process.ts";
import { accessUnder, accessWithStateOf, newGatewayToken, setupCodesCommand, shutOut } from "./gateway/shutOut.ts";
import { Supervisor, type SupervisorState } from "./gateway/supervisor.ts";
import { Telling } from "./gateway/telling.ts";
import { createInstanceApp } from "./instanceApp.ts";
import { InstanceEvents } from "./instanceEvents.ts";
import { InstanceFiles } from "./instanceFiles.ts";
import { type Look, fleetView, look, sentenceOf } from "./instanceView.ts";
import { Job, type JobContext, JobSlot } from "./jobs.ts";
import { messageOf } from "./log.ts";
import { LogStore } from "./logs/store.ts";
import { type InstancePaths, instancePaths } from "./paths.ts";
import { Serial } from "./serial.ts";
import { ROTATION_GRACE_MS } from "./serviceTokens.ts";
import type { InstanceRecord } from "./store.ts";

/** A restart or restore that takes longer than this is answered as failed; the host goes on trying. */
const READY_DEADLINE_MS = 5 * 60_000;
/** A gateway that is deleted has nothing to finish. */
const DELETE_GRACE_MS = 1_000;
const RETRY_AFTER_PROBLEM_MS = 5_000;
const COLLECT_LOGS_MS = 2_000;

/**
 * One hosted OpenClaw on this host: what is wanted of it (the record) and what is (the supervisor), and the work that brings
 * the one to the other. Everything that starts or stops its gateway goes through `#serial`, one after another.
 */
export class Instance {
  readonly id: string;
  /** Its service API. */
  readonly app: Hono;
  readonly #context: HostContext;
  readonly #paths: InstancePaths;
  readonly #files: InstanceFiles;
  readonly #supervisor: Supervisor;
  readonly #mirror: DeviceMirror;
  readonly #telling: Telling;
  readonly #logs: LogStore;
  readonly #events: InstanceEvents;
  readonly #jobs: JobSlot;
  readonly #restart: Job<RestartResult>;
  readonly #backups: Backups;
  readonly #serial = new Serial();
  readonly #onGone: () => void;
  #record: InstanceRecord;
  #opened = false;
  #problem: string | null = null;
  #retry: NodeJS.Timeout | undefined;
  #collecting: NodeJS.Timeout | undefined;
  /** The host stops, or nothing is left: no more converging. */
  #leaving = false;

  constructor(context: HostContext, record: InstanceRecord, onGone: () => void) {
    this.id = record.id;
    this.#context = context;
    this.#record = record;
    this.#onGone = onGone;
    const { now } = context;
    const changed = () => this.#events.tell(this.id);
    const note = (level: "info" | "warn" | "error", text: string) => this.#note(level, text);
    const paths = instancePaths(context.dataDir, record.id);
    this.#paths = paths;
    this.#logs = new LogStore({ dir: paths.logs, redact: (text) => this.#shown(text), now });
    this.#events = new InstanceEvents(context.reporter, () => this.#event());
    this.#files = new InstanceFiles(
      context,
      paths,
      () => this.#record,
      (text) => note("warn", text),
    );
    this.#mirror = new DeviceMirror(now, changed);
    this.#telling = new Telling({
      files: this.#files,
      mirror: this.#mirror,
      elapsed: context.elapsed,
      again: (afterMs) => this.#convergeAfter(afterMs),
      startAnew: () => this.#startAnew(),
      note,
    });
    this.#jobs = new JobSlot({
      now,
      changed,
      memory: {
        read: () => this.#record.jobs,
        // Work that a deletion cancelled may end after it: nothing of the instance is written down any more.
        write: (jobs) => {
          if (!this.#record.gone) this.#save({ jobs });
        },
      },
      sentence: (error) => this.#shown(sentenceOf(error)),
    });
    // A restore whose gateway was ready with the new state is finished below; everything else is undone or has failed.
    this.#jobs.recover(record.restore?.stage === "settled" ? "done" : "failed");
    this.#restart = new Job(this.#jobs, "restart");
    this.#supervisor = new Supervisor({
      home: paths.home,
      spool: this.#logs.spool,
      gate: context.gate,
      limits: context.limits,
      now,
      elapsed: context.elapsed,
      prepare: (heldPort) => this.#files.prepare(heldPort),
      repair: () => this.#files.repair(),
      remember: (process) => this.#save({ process }),
      ready: () => keepGoodConfig(paths),
      lastWords: () => this.#logs.lastComplaint(),
      changed: () => {
        const ready = this.#supervisor.state.at === "ready";
        this.#telling.follow(ready ? this.#target() : null);
        if (ready && this.#record.access.due) this.#convergeAfter(0);
        changed();
      },
      note,
    });
    this.#backups = new Backups({
      tools: { install: context.install, paths, dirs: paths, host: context.env, now },
      retention: context.retention,
      slot: this.#jobs,
      journal: { read: () => this.#record.restore, write: (restore) => this.#save({ restore }) },
      restoring: (madeAt) => this.#save({ access: accessWithStateOf(this.#record.access, madeAt) }),
      note,
      open: () => this.#serial.run(() => (this.#leaving ? Promise.reject(goneMeanwhile()) : this.#open())),
      gateway: {
        exclusive: (work) =>
          this.#serial.run(() => {
            this.#mustRun();
            return work();
          }),
        stop: () => this.#supervisor.stop(context.stopGraceMs),
        startAndWait: async (signal) => {
          this.#supervisor.start();
          return upOrWhy(await this.#settled(false, signal));
        },
      },
    });
    this.app = createInstanceApp(context, this.id, {
      record: () => this.#record,
      forgetOldToken: () => this.#save({ previousServiceToken: null }),
      look: () => this.#look(),
      restart: async () => {
        this.#mustRun();
        return this.#restart.run("", (job) => this.#doRestart(job));
      },
      supervisor: this.#supervisor,
      mirror: this.#mirror,
      backups: this.#backups,
      logs: this.#logs,
      events: this.#events,
      jobs: this.#jobs,
    });
  }

  get record(): Readonly<InstanceRecord> {
    return this.#record;
  }

  view(): FleetInstance {
    return fleetView(this.#context, this.#record, this.#look());
  }

  /** Port of the gateway while it listens, for those it is open to; null otherwise. */
  listeningPort(): number | null {
    if (this.#record.access.due) return null;
    const { at } = this.#supervisor.state;
    return at === "ready" || at === "health" ? this.#files.port : null;
  }

  /** Takes a new wish. Durable when it returns; the work goes on behind it. */
  apply(spec: FleetSpec): void {
    const { spec: before, gatewayToken } = this.#record;
    const access = accessUnder(this.#record.access, spec.access_version);
    const oldToken = before?.env.OPENAGENTS_SERVICE_TOKEN;
    const rotated = oldToken !== undefined && oldToken !== spec.env.OPENAGENTS_SERVICE_TOKEN;
    this.#save({
      generation: spec.generation,
      desired: spec.desired,
      spec,
      gatewayToken:
        spec.env.OPENCLAW_GATEWAY_TOKEN ?? (access === this.#record.access ? gatewayToken : newGatewayToken()),
      access,
      ...(rotated ? { previousServiceToken: { token: oldToken, until: this.#context.now() + ROTATION_GRACE_MS } } : {}),
    });
    this.converge(JSON.stringify(before) !== JSON.stringify(spec));
  }

  /** Marks it deleted and forgets its secrets at once; what is on disk goes behind the answer. */
  remove(generation: number): void {
    this.#save({ desired: "deleted", generation, spec: null, gatewayToken: "", previousServiceToken: null });
    this.converge(false);
    // A restart, backup or restore must not hold up a deletion.
    void this.#jobs.cancel(new ApiError("conflict", "The instance is being deleted."));
  }

  /** Brings what is to what is wanted. `again`: the wish is a new one, so a gateway that was given up is tried anew. */
  converge(again: boolean): void {
    clearTimeout(this.#retry);
    void this.#serial.run(async () => {
      if (this.#leaving) return;
      try {
        await this.#converge(again);
        this.#problem = null;
      } catch (error) {
        this.#problem = `The host could not do its part: ${messageOf(error)}.`;
        this.#context.log.error("converging failed", { instance: this.id, why: messageOf(error) });
        this.#retry = setTimeout(() => this.converge(true), RETRY_AFTER_PROBLEM_MS);
      }
      if (!this.#leaving) this.#events.tell(this.id);
    });
  }

  /** Ends the gateway because the host stops; what is wanted stays as it is. */
  async shutdown(graceMs: number): Promise<void> {
    this.#leaving = true;
    clearTimeout(this.#retry);
    await this.#jobs.cancel(new ApiError("gateway_unavailable", "The host is being stopped. Ask again in a moment."));
    await this.#serial.run(() => this.#supervisor.stop(graceMs));
    clearInterval(this.#collecting);
    await this.#logs.collect().catch(() => undefined);
  }

  async #converge(again: boolean): Promise<void> {
    const { desired, process } = this.#record;
    if (desired === "deleted") return this.#erase();
    await this.#open();
    if (desired === "stopped") return this.#supervisor.stop(this.#context.stopGraceMs);
    if (!this.#supervisor.wanted) return this.#supervisor.start(process);
    const { at } = this.#supervisor.state;
    const outdated = process !== null && process.launchKey !== this.#files.launchKey();
    if (outdated || (again && (at === "failed" || at === "waiting"))) {
      await this.#supervisor.stop(this.#context.stopGraceMs);
      return this.#supervisor.start();
    }
    await this.#telling.tell(at === "ready" ? this.#target() : null);
    if (at === "ready") await this.#shutOut();
  }

  /** Behind it the gateway is open to devices again. */
  async #shutOut(): Promise<void> {
    const { due, version } = this.#record.access;
    if (!due) return;
    await shutOut(this.#mirror, setupCodesCommand(this.#paths, this.#context.env));
    // It may have changed hands again meanwhile: then the gateway is started anew, and all of this done again.
    if (this.#record.access.version !== version) return;
    this.#save({ access: { version, due: false, clearedAt: this.#context.now() } });
    this.#note("info", "every device was unpaired: this instance has changed hands");
  }

  /** For what a running gateway will not take up. */
  #startAnew(): void {
    void this.#serial.run(async () => {
      if (this.#leaving || this.#record.desired !== "running") return;
      await this.#supervisor.stop(this.#context.stopGraceMs);
      this.#supervisor.start();
    });
  }

  async #open(): Promise<void> {
    if (this.#opened) return;
    await this.#files.makeFolders();
    // With a restore undecided no gateway may be on this state.
    if (this.#record.restore !== null) await killTree(this.#paths.home);
    await this.#backups.recover();
    this.#collecting = setInterval(() => void this.#logs.collect().catch(() => undefined), COLLECT_LOGS_MS);
    this.#collecting.unref();
    this.#opened = true;
  }

  /** May be repeated after a crash at any point. */
  async #erase(): Promise<void> {
    await this.#supervisor.stop(DELETE_GRACE_MS);
    await killTree(this.#paths.home);
    await killJobs(this.#paths.home);
    clearInterval(this.#collecting);
    this.#logs.end();
    this.#events.end();
    await this.#files.erase();
    this.#save({ gone: true, process: null, restore: null });
    this.#leaving = true;
    this.#onGone();
  }

  async #doRestart(job: JobContext): Promise<RestartResult> {
    const { now, elapsed, stopGraceMs } = this.#context;
    const startedAt = elapsed();
    job.phase("stopping the gateway");
    await this.#serial.run(async () => {
      this.#mustRun();
      await this.#supervisor.stop(stopGraceMs);
      job.phase("starting the gateway");
      this.#supervisor.start();
    });
    const state = await this.#settled(true, job.signal);
    const up = upOrWhy(state);
    if (!up.ready) throw new ApiError("gateway_unavailable", up.why);
    const { pid, launchedAt } = up;
    return {
      gateway: { status: "running", pid, uptime_ms: Math.max(0, now() - launchedAt) },
      tookMs: Math.round(elapsed() - startedAt),
    };
  }

  /** The supervisor's answer, or `stopped` when the work is cancelled first. */
  async #settled(patient: boolean, signal: AbortSignal): Promise<SupervisorState> {
    try {
      return await this.#supervisor.settled(AbortSignal.any([signal, AbortSignal.timeout(READY_DEADLINE_MS)]), patient);
    } catch {
      const why = "The gateway did not become ready in time; the host goes on trying.";
      return signal.aborted ? { at: "stopped" } : { at: "waiting", until: 0, failing: true, why };
    }
  }

  #mustRun(): void {
    if (this.#record.desired !== "running") throw new ApiError("conflict", "The instance is stopped. Start it first.");
  }

  /** Where the gateway is spoken to; null before the first. */
  #target(): LinkTarget | null {
    const { port } = this.#files;
    return port === null ? null : { port, token: this.#record.gatewayToken };
  }

  #convergeAfter(ms: number): void {
    if (ms === 0) return this.converge(false);
    clearTimeout(this.#retry);
    this.#retry = setTimeout(() => this.converge(false), ms);
  }

  #event(): RuntimeEvent {
    const { gateway: status, reason } = this.#look();
    const devices = this.#mirror.latest();
    return {
      instance_id: this.id,
      generation: this.#record.generation,
      observed_at: this.#context.now(),
      gateway: { status, reason },
      ...(devices === null ? {} : { devices }),
      jobs: this.#jobs.report(),
    };
  }

  #look(): Look {
    const seen = look(this.#record, this.#supervisor.state, this.#problem);
    return seen.reason === null ? seen : { ...seen, reason: this.#shown(seen.reason) };
  }

  /** Text of the gateway as its owner may see it: no secrets, and no paths of this machine. */
  #shown(text: string): string {
    const { spec, gatewayToken, previousServiceToken } = this.#record;
    const known = [
      spec?.env.OPENAGENTS_SERVICE_TOKEN,
      previousServiceToken?.token,
      gatewayToken,
      spec?.inference?.apiKey,
      ...Object.values(spec?.providerKeys ?? {}),
    ];
    const secrets = known.filter((secret) => secret !== undefined);
    return redact(text, secrets).replaceAll(`${this.#paths.root}/`, "");
  }

  #note(level: "info" | "warn" | "error", text: string): void {
    this.#context.log[level](text, { instance: this.id });
    void this.#logs.note(level, text).catch(() => undefined);
  }

  #save(change: Partial<InstanceRecord>): void {
    this.#record = { ...this.#record, ...change, updatedAt: this.#context.now() };
    this.#context.store.put(this.#record);
  }
}

/** For work that was asked for before the instance was deleted, or its host stopped. */
function goneMeanwhile(): ApiError {
  return new ApiError("conflict", "The instance was stopped or deleted meanwhile.");
}

function upOrWhy(
  state: SupervisorState,
): { ready: true; pid: number; launchedAt: number } | { ready: false; why: string } {
  if (state.at === "ready") return { ready: true, pid: state.pid, launchedAt: state.launchedAt };
  if (state.at === "waiting" || state.at === "failed") return { ready: false, why: state.why };
  return { ready: false, why: "The instance was stopped meanwhile." };
}
