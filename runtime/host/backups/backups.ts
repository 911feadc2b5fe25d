import { mkdir, rm } from "node:fs/promises";
import { join, relative, resolve } from "node:path";
import { ApiError, type BackupRecord, type RestoreResult } from "@oa/contract";
import type { Storage } from "../../src/ports.ts";
import { Job, type JobContext, type JobSlot } from "../jobs.ts";
import { messageOf } from "../log.ts";
import type { RestoreJournal } from "../store.ts";
import { type ArchiveTools, type RestoredAsset, createArchive, unpackArchive, verifyArchive } from "./archive.ts";
import {
  type Retention,
  type StoredBackup,
  deleteBackup,
  expired,
  keptPath,
  listBackups,
  newBackupId,
  recordBackup,
  sweepUnfinished,
} from "./catalog.ts";
import { digestTree } from "./digest.ts";
import { doSwaps, planSwaps, undoSwaps } from "./swap.ts";

/** The gateway as a restore needs it. */
export interface RestoreGateway {
  /** Runs work that nothing else may start or stop the gateway during; rejects when the gateway is not wanted. */
  exclusive<T>(work: () => Promise<T>): Promise<T>;
  /** Resolves when nothing of the gateway is left. */
  stop(): Promise<void>;
  /** Starts it and resolves when it is ready; answers why when it does not come up, or the signal is aborted. */
  startAndWait(signal: AbortSignal): Promise<{ ready: true } | { ready: false; why: string }>;
}

export interface BackupsOptions {
  tools: ArchiveTools;
  retention: Retention;
  slot: JobSlot;
  gateway: RestoreGateway;
  /** Durable memory of a restore on its way. */
  journal: { read: () => RestoreJournal | null; write: (journal: RestoreJournal | null) => void };
  /** A state made then is about to be put in place: it may hold devices that were shut out since. */
  restoring: (madeAt: number) => void;
  note: (level: "info" | "warn", text: string) => void;
  /** Resolves when what a former host left has been taken up (`recover`); rejects with why it cannot be. */
  open: () => Promise<void>;
}

/**
 * Backups of one instance. A backup counts when it was read back; a restore counts when the gateway is ready with it, and
 * until then everything it replaced can go back by renames.
 */
export class Backups implements Storage {
  readonly #options: BackupsOptions;
  readonly #create: Job<StoredBackup>;
  readonly #restore: Job<RestoreResult>;
  #newest: BackupRecord | null = null;

  constructor(options: BackupsOptions) {
    this.#options = options;
    this.#create = new Job(options.slot, "backup");
    this.#restore = new Job(options.slot, "restore");
  }

  /** Before any gateway runs: undoes a restore that was interrupted, and removes what was never finished. */
  async recover(): Promise<void> {
    const { journal, tools, note } = this.#options;
    const interrupted = journal.read();
    if (interrupted?.stage === "swapping") {
      await undoSwaps(tools.paths.root, interrupted.swaps);
      journal.write(null);
      note("warn", `a restore of ${interrupted.backupId} was interrupted; the former state is back`);
    } else if (interrupted !== null) await this.#settle(interrupted);
    await rm(tools.paths.staging, { recursive: true, force: true });
    await sweepUnfinished(tools.dirs);
    this.#newest = toRecord((await listBackups(tools.dirs)).find((backup) => backup.form === "archive"));
  }

  /** The newest backup somebody made; a state that a restore replaced is listed, but is nobody's backup. */
  last(): BackupRecord | null {
    return this.#newest;
  }

  async list(): Promise<BackupRecord[]> {
    return (await listBackups(this.#options.tools.dirs)).flatMap((backup) => toRecord(backup) ?? []);
  }

  async backup(): Promise<BackupRecord> {
    const { tools, open } = this.#options;
    const made = await this.#create.run("", async (job) => {
      await open();
      const backup = await createArchive(tools, job);
      await recordBackup(tools.dirs, backup);
      this.#newest = toRecord(backup);
      await this.#prune(new Set([backup.id]));
      return backup;
    });
    return withoutForm(made);
  }

  restore(backupId: string): Promise<RestoreResult> {
    return this.#restore.run(backupId, (job) => this.#doRestore(backupId, job));
  }

  async #doRestore(backupId: string, job: JobContext): Promise<RestoreResult> {
    const { tools, note, journal, open } = this.#options;
    const startedAt = tools.now();
    await open();
    // One whose bookkeeping failed, on a full disk say: what it replaced must not be forgotten with its journal.
    const unsettled = journal.read();
    if (unsettled?.stage === "settled") await this.#settle(unsettled);
    const backup = (await listBackups(tools.dirs)).find((one) => one.id === backupId);
    if (backup === undefined) throw new ApiError("not_found", "There is no such backup.");
    try {
      await mkdir(tools.paths.staging, { recursive: true, mode: 0o700 });
      const assets = await this.#verified(backup, job);
      const keptId = newBackupId(tools.now());
      const swaps = planSwaps(tools.paths, keptId, assets);
      const settled = await this.#options.gateway.exclusive(() =>
        this.#activate({ backupId, keptId, stage: "swapping", swaps, startedAt }, backup.createdAt, job),
      );
      job.phase("keeping the replaced state");
      await this.#settle(settled);
      note("info", `restored ${backupId}; what it replaced is kept as ${keptId}`);
      return { restored: backupId, replaced: keptId, tookMs: Math.max(0, tools.now() - startedAt) };
    } finally {
      await rm(tools.paths.staging, { recursive: true, force: true });
    }
  }

  /** The checked content of a backup, ready to be moved into place. */
  async #verified(backup: StoredBackup, job: JobContext): Promise<RestoredAsset[]> {
    const { tools } = this.#options;
    if (backup.form === "archive") {
      await verifyArchive(tools, backup, job);
      return unpackArchive(tools, backup, job);
    }
    job.phase("checking the kept state");
    const digest = await digestTree(keptPath(tools.dirs, backup.id)).catch(() => null);
    if (digest?.sha256 !== backup.sha256)
      throw new ApiError(
        "backup_corrupt",
        "The kept state is not what was kept: its checksum differs. Nothing was restored.",
      );
    return backup.paths.map((path) => ({
      live: join(tools.paths.root, path),
      restored: join(keptPath(tools.dirs, backup.id), path),
    }));
  }

  /** The part that must not stay half done: ends with the gateway ready on the restored state, or on the former one. */
  async #activate(swapping: RestoreJournal, madeAt: number, job: JobContext): Promise<RestoreJournal> {
    const { gateway, journal, restoring, tools } = this.#options;
    job.phase("stopping the gateway");
    await gateway.stop();
    restoring(madeAt);
    journal.write(swapping);
    let why: string | null = null;
    try {
      job.phase("exchanging the state");
      await doSwaps(tools.paths.root, swapping.swaps);
      job.phase("starting the gateway");
      const start = await gateway.startAndWait(job.signal);
      job.signal.throwIfAborted();
      why = start.ready ? null : start.why;
    } catch (error) {
      why = messageOf(error);
    }
    if (why !== null) {
      await gateway.stop();
      await undoSwaps(tools.paths.root, swapping.swaps);
      journal.write(null);
      if (!job.signal.aborted) await gateway.startAndWait(job.signal);
      throw new ApiError(
        "runtime_error",
        `The gateway does not start with this backup, so the former state is back. ${why}`.slice(0, 500),
      );
    }
    const settled: RestoreJournal = { ...swapping, stage: "settled" };
    journal.write(settled);
    return settled;
  }

  /** What was replaced becomes a backup that can be restored in turn. May be repeated after a crash. */
  async #settle({ backupId, keptId, swaps }: RestoreJournal): Promise<void> {
    const { tools, journal } = this.#options;
    const kept = keptPath(tools.dirs, keptId);
    // Caches come back by themselves and are most of the bytes.
    await rm(join(kept, "state", "cache", "control-ui-assets"), { recursive: true, force: true });
    await mkdir(kept, { recursive: true, mode: 0o700 });
    await recordBackup(tools.dirs, {
      id: keptId,
      createdAt: tools.now(),
      ...(await digestTree(kept)),
      verified: true,
      openclawVersion: tools.install.version,
      form: "kept",
      paths: swaps.map(({ live }) => relative(tools.paths.root, resolve(tools.paths.root, live))),
    });
    // A kept state that was restored has been moved into place: it is no backup any more.
    const restored = (await listBackups(tools.dirs)).find((backup) => backup.id === backupId);
    if (restored?.form === "kept") await deleteBackup(tools.dirs, restored);
    await this.#prune(new Set([keptId]));
    journal.write(null);
  }

  async #prune(inUse: ReadonlySet<string>): Promise<void> {
    const { tools, retention, note } = this.#options;
    for (const backup of expired(await listBackups(tools.dirs), retention, inUse)) {
      await deleteBackup(tools.dirs, backup);
      note("info", `backup ${backup.id} removed: newer ones are kept`);
    }
  }
}

function toRecord(backup: StoredBackup | undefined): BackupRecord | null {
  return backup === undefined ? null : withoutForm(backup);
}

function withoutForm({ form: _form, paths: _paths, ...record }: StoredBackup): BackupRecord {
  return record;
}
