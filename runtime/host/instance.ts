import { createHash, randomBytes } from "node:crypto";
import { mkdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import {
  ApiError,
  type DeviceLists,
  type FleetInstance,
  type FleetSpec,
  type RestartResult,
  type RuntimeEvent,
} from "@oa/contract";
import type { Hono } from "hono";
import { createRuntimeApp } from "../src/app.ts";
import { type InstanceSettings, instanceSettings } from "../src/env.ts";
import type { Events } from "../src/ports.ts";
import { redact } from "../src/redact.ts";
import { Backups } from "./backups/backups.ts";
import { type HostContext, browserOrigins, gatewayPath, gatewayUrl } from "./context.ts";
import { isMissing } from "./files.ts";
import { gatewayCommand } from "./gateway/command.ts";
import { type ConfigInput, secretsOf } from "./gateway/config.ts";
import { keepGoodConfig, rollBackConfig, writeConfig, writeSecrets } from "./gateway/configFile.ts";
import { DeviceMirror } from "./gateway/deviceMirror.ts";
import { probe } from "./gateway/probes.ts";
import { killTree } from "./gateway/process.ts";
import { type LaunchPlan, Supervisor, type SupervisorState } from "./gateway/supervisor.ts";
import { type Look, fleetView, gatewayView, look } from "./instanceView.ts";
import { Job, JobSlot } from "./jobs.ts";
import { messageOf } from "./log.ts";
import { LogStore } from "./logs/store.ts";
import { type InstancePaths, instancePaths, trashDir } from "./paths.ts";
import { Serial } from "./serial.ts";
import { ROTATION_GRACE_MS, serviceTokensOf } from "./serviceTokens.ts";
import type { InstanceRecord, RestoreJournal } from "./store.ts";

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
  readonly app: Hono;
  readonly #context: HostContext;
  readonly #paths: InstancePaths;
  readonly #supervisor: Supervisor;
  readonly #mirror: DeviceMirror;
  readonly #logs: LogStore;
  readonly #jobs: JobSlot;
  readonly #restart: Job<RestartResult>;
  readonly #backups: Backups;
  readonly #serial = new Serial();
  readonly #listeners = new Set<(event: RuntimeEvent) => void>();
  readonly #onGone: () => void;
  #record: InstanceRecord;
  #port: number | null;
  #open = false;
  #problem: string | null = null;
  #retry: NodeJS.Timeout | null = null;
  #collect: NodeJS.Timeout | null = null;
  #leaving = false;

  constructor(context: HostContext, record: InstanceRecord, onGone: () => void) {
    this.id = record.id;
    this.#context = context;
    this.#record = record;
    this.#onGone = onGone;
    this.#paths = instancePaths(context.dataDir, record.id);
    this.#port = record.process?.port ?? null;
    this.#logs = new LogStore({
      dir: this.#paths.logs,
      redact: (text) => this.#shown(text),
      now: context.now,
    });
    const changed = () => this.#changed();
    this.#jobs = new JobSlot(context.now, changed);
    this.#restart = new Job(this.#jobs, "restart");
    this.#mirror = new DeviceMirror(context.now, changed);
    this.#supervisor = new Supervisor({
      home: this.#paths.home,
      spool: this.#logs.spool,
      gate: context.gate,
      limits: context.limits,
      now: context.now,
      prepare: (heldPort) => this.#prepare(heldPort),
      repair: () => this.#repair(),
      remember: (process) => this.#save({ process }),
      ready: () => keepGoodConfig(this.#paths),
      lastWords: () => this.#logs.lastComplaint(),
      changed: () => {
        this.#followGateway();
        changed();
      },
      note: (level, text) => this.#note(level, text),
    });
    this.#backups = new Backups({
      tools: {
        install: context.install,
        paths: this.#paths,
        dirs: this.#paths,
        host: context.env,
        now: context.now,
      },
      retention: context.retention,
      slot: this.#jobs,
      journal: { read: () => this.#record.restore, write: (restore: RestoreJournal | null) => this.#save({ restore }) },
      note: (level, text) => this.#note(level, text),
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
    this.app = this.#createApp();
  }

  get record(): Readonly<InstanceRecord> {
    return this.#record;
  }

  view(): FleetInstance {
    return fleetView(this.#context, this.#record, this.#look());
  }

  /** Port of the gateway while it listens; null otherwise. */
  listeningPort(): number | null {
    const { at } = this.#supervisor.state;
    return at === "ready" || at === "health" ? this.#port : null;
  }

  /** Takes a new wish. Durable when it returns; the work goes on behind it. */
  apply(spec: FleetSpec): void {
    const { spec: before, gatewayToken } = this.#record;
    const oldToken = before?.env.OPENAGENTS_SERVICE_TOKEN;
    const rotated = oldToken !== undefined && oldToken !== spec.env.OPENAGENTS_SERVICE_TOKEN;
    const again = JSON.stringify(before) !== JSON.stringify(spec);
    this.#save({
      generation: spec.generation,
      desired: spec.desired,
      spec,
      gatewayToken: spec.env.OPENCLAW_GATEWAY_TOKEN ?? gatewayToken,
      ...(rotated ? { previousServiceToken: { token: oldToken, until: this.#context.now() + ROTATION_GRACE_MS } } : {}),
    });
    this.converge(again);
  }

  /** Marks it deleted and forgets its secrets at once; what is on disk goes behind the answer. */
  remove(generation: number): void {
    this.#save({ desired: "deleted", generation, spec: null, gatewayToken: "", previousServiceToken: null });
    this.converge(false);
  }

  /** Brings what is to what is wanted. `again`: something was changed, so a gateway that was given up is tried anew. */
  converge(again: boolean): void {
    if (this.#retry !== null) clearTimeout(this.#retry);
    this.#retry = null;
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
      this.#changed();
    });
    // A restore or restart must not hold up a deletion.
    if (this.#record.desired === "deleted") void this.#jobs.cancel(new Error("the instance is being deleted"));
  }

  /** Ends the gateway because the host stops; what is wanted stays as it is. */
  async shutdown(graceMs: number): Promise<void> {
    this.#leaving = true;
    if (this.#retry !== null) clearTimeout(this.#retry);
    await this.#jobs.cancel(new Error("the host is stopping"));
    await this.#serial.run(() => this.#supervisor.stop(graceMs));
    this.#mirror.close();
    if (this.#collect !== null) clearInterval(this.#collect);
    await this.#logs.collect().catch(() => undefined);
  }

  async #converge(again: boolean): Promise<void> {
    const { desired } = this.#record;
    if (desired === "deleted") return this.#erase();
    await this.#openStorage();
    if (desired === "stopped") return this.#supervisor.stop(this.#context.stopGraceMs);
    if (!this.#supervisor.wanted) return this.#supervisor.start(this.#record.process);
    const { at } = this.#supervisor.state;
    const outdated = this.#record.process !== null && this.#record.process.launchKey !== this.#launchKey();
    if (outdated || (again && (at === "failed" || at === "waiting"))) {
      await this.#supervisor.stop(this.#context.stopGraceMs);
      return this.#supervisor.start();
    }
    // A running gateway reads its configuration by itself, and its secrets when it is told to.
    if (at === "ready" && this.#port !== null) await this.#refresh(this.#port);
  }

  async #openStorage(): Promise<void> {
    if (this.#open) return;
    const { root, home, state, tmp, logs, backups, kept, secrets } = this.#paths;
    for (const dir of [root, home, state, tmp, logs, backups, kept, join(secrets, "..")])
      await mkdir(dir, { recursive: true, mode: 0o700 });
    // With a restore undecided no gateway may be on this state.
    if (this.#record.restore !== null) await killTree(home);
    await this.#backups.recover();
    this.#collect = setInterval(() => void this.#logs.collect().catch(() => undefined), COLLECT_LOGS_MS);
    this.#collect.unref();
    this.#open = true;
  }

  async #prepare(heldPort: number | null): Promise<LaunchPlan> {
    const { context, settings } = { context: this.#context, settings: this.#settings() };
    if (heldPort === null) {
      if (this.#port !== null) context.ports.release(this.#port);
      this.#port = await context.ports.take(this.#port ?? undefined);
    } else this.#port = heldPort;
    await this.#refresh(this.#port);
    const { install, heap, env: host } = context;
    return {
      command: gatewayCommand({ install, paths: this.#paths, heap, port: this.#port, bind: settings.bind, host }),
      port: this.#port,
      launchKey: this.#launchKey(),
    };
  }

  /** Writes secrets and configuration; a running gateway is told of new secrets. */
  async #refresh(port: number): Promise<void> {
    const inference = this.#record.spec?.inference;
    const secrets = await writeSecrets(this.#paths, secretsOf(this.#record.gatewayToken, inference));
    const input: ConfigInput = {
      settings: this.#settings(),
      port,
      origins: browserOrigins(this.#context.urls.public),
      basePath: gatewayPath(this.id),
      secretsFile: this.#paths.secrets,
      logFile: join(this.#paths.logs, "gateway.log"),
      inference,
      version: this.#context.install.version,
    };
    const config = await writeConfig(this.#paths, input);
    if (config.kind === "replaced")
      this.#note("warn", `the configuration could not be read (${config.why}); it was set aside beside the new one`);
    if (secrets === "written" && this.#supervisor.state.at === "ready") {
      await this.#mirror.reloadSecrets({ port, token: this.#record.gatewayToken });
      this.#note("info", "secrets renewed");
    }
  }

  async #repair(): Promise<string | null> {
    await killTree(this.#paths.home);
    return (await rollBackConfig(this.#paths))
      ? "Its last good configuration is back; the refused one lies beside it."
      : null;
  }

  /** In two steps: out of the way by one rename, then away. Each may be repeated after a crash. */
  async #erase(): Promise<void> {
    this.#mirror.close();
    await this.#supervisor.stop(DELETE_GRACE_MS);
    await killTree(this.#paths.home);
    if (this.#collect !== null) clearInterval(this.#collect);
    if (this.#port !== null) this.#context.ports.release(this.#port);
    await mkdir(trashDir(this.#context.dataDir), { recursive: true, mode: 0o700 });
    const trash = join(trashDir(this.#context.dataDir), `${this.id}-${randomBytes(6).toString("hex")}`);
    await rename(this.#paths.root, trash).catch((error: unknown) => {
      if (!isMissing(error)) throw error;
    });
    await rm(trash, { recursive: true, force: true });
    this.#save({ gone: true, process: null, restore: null });
    this.#leaving = true;
    this.#onGone();
  }

  #restartNow(): Promise<RestartResult> {
    this.#mustRun();
    return this.#restart.run("", async (job) => {
      const startedAt = this.#context.now();
      job.phase("stopping the gateway");
      await this.#serial.run(async () => {
        this.#mustRun();
        await this.#supervisor.stop(this.#context.stopGraceMs);
        job.phase("starting the gateway");
        this.#supervisor.start();
      });
      const state = await this.#settled(true, job.signal);
      const up = upOrWhy(state);
      if (!up.ready) throw new ApiError("gateway_unavailable", up.why);
      const { now } = this.#context;
      const pid = state.at === "ready" ? state.pid : 0;
      const uptime = state.at === "ready" ? now() - state.launchedAt : 0;
      return { gateway: { status: "running", pid, uptime_ms: uptime }, tookMs: now() - startedAt };
    });
  }

  /** The supervisor's answer, or `stopped` when the work is cancelled first. */
  async #settled(patient: boolean, signal: AbortSignal): Promise<SupervisorState> {
    try {
      return await this.#supervisor.settled(AbortSignal.any([signal, AbortSignal.timeout(READY_DEADLINE_MS)]), patient);
    } catch {
      return signal.aborted
        ? { at: "stopped" }
        : {
            at: "waiting",
            until: 0,
            failing: true,
            why: "The gateway did not become ready in time; the host goes on trying.",
          };
    }
  }

  #mustRun(): void {
    if (this.#record.desired !== "running") throw new ApiError("conflict", "The instance is stopped. Start it first.");
  }

  #followGateway(): void {
    const { state } = this.#supervisor;
    if (state.at === "ready") this.#mirror.open({ port: state.port, token: this.#record.gatewayToken });
    else this.#mirror.close();
  }

  #createApp(): Hono {
    const context = this.#context;
    const mirror = this.#mirror;
    const events: Events = {
      snapshot: () => this.snapshot(),
      subscribe: (listener) => {
        this.#listeners.add(listener);
        return () => this.#listeners.delete(listener);
      },
    };
    return createRuntimeApp({
      instanceId: this.id,
      tokens: serviceTokensOf(
        () => this.#record,
        () => this.#save({ previousServiceToken: null }),
        context.now,
      ),
      gateway: {
        status: () => gatewayView(this.#look(), this.#supervisor.state, this.#supervisor.restarts, context.now()),
        health: () => this.#health(),
        restart: () => this.#restartNow(),
        devices: () => mirror.list(),
        approve: (requestId) => mirror.decide(requestId, "approve"),
        reject: (requestId) => mirror.decide(requestId, "reject"),
        remove: (deviceId) => mirror.remove(deviceId),
        connectInfo: () => ({ url: gatewayUrl(context.urls.public, this.id), token: this.#record.gatewayToken }),
      },
      storage: {
        list: () => this.#backups.list(),
        last: () => Promise.resolve(this.#backups.newest()),
        backup: () => this.#backups.create(),
        restore: (backupId) => this.#backups.restore(backupId),
      },
      logs: this.#logs,
      events,
      info: {
        version: { openclaw: context.install.version, runtime: context.runtimeVersion },
        instanceType: context.instanceType,
        job: () => this.#jobs.current(),
      },
      report: (error) => context.log.error("a request failed", { instance: this.id, why: messageOf(error) }),
    });
  }

  async #health(): Promise<{ ok: boolean; failing: string[] }> {
    const { state } = this.#supervisor;
    if (state.at === "health") return { ok: false, failing: state.pending };
    if (state.at !== "ready") return { ok: false, failing: ["gateway"] };
    const answer = await probe(state.port, "/readyz");
    return answer.answered ? { ok: answer.ok, failing: answer.failing } : { ok: false, failing: ["gateway"] };
  }

  snapshot(): RuntimeEvent {
    const seen = this.#look();
    const devices: DeviceLists | null = this.#mirror.latest();
    return {
      instance_id: this.id,
      generation: this.#record.generation,
      observed_at: this.#context.now(),
      gateway: { status: seen.gateway, reason: seen.reason },
      ...(devices === null ? {} : { devices }),
    };
  }

  #look(): Look {
    return look(this.#record.desired, this.#supervisor.state, this.#problem);
  }

  #changed(): void {
    this.#context.reporter.changed(this.id, () => this.snapshot());
    if (this.#listeners.size === 0) return;
    const event = this.snapshot();
    for (const listener of this.#listeners) listener(event);
  }

  #settings(): InstanceSettings {
    const { spec } = this.#record;
    if (spec === null) throw new Error("the instance has no specification any more");
    return instanceSettings(spec.env);
  }

  /** Digest of everything that only a new process takes up. */
  #launchKey(): string {
    const { install, heap } = this.#context;
    const parts = [install.entry, install.version, heap.oldSpaceMb, heap.semiSpaceMb, this.#settings().bind];
    return createHash("sha256").update(JSON.stringify(parts)).digest("hex").slice(0, 16);
  }

  #secrets(): string[] {
    const { spec, gatewayToken, previousServiceToken } = this.#record;
    const known = [
      spec?.env.OPENAGENTS_SERVICE_TOKEN,
      previousServiceToken?.token,
      gatewayToken,
      spec?.inference?.apiKey,
    ];
    return known.filter((secret) => secret !== undefined);
  }

  /** Text of the gateway as its owner may see it: no secrets, and no paths of this machine. */
  #shown(text: string): string {
    return redact(text, this.#secrets()).replaceAll(`${this.#paths.root}/`, "");
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

function upOrWhy(state: SupervisorState): { ready: true } | { ready: false; why: string } {
  if (state.at === "ready") return { ready: true };
  if (state.at === "waiting" || state.at === "failed") return { ready: false, why: state.why };
  return { ready: false, why: "The instance was stopped meanwhile." };
}
