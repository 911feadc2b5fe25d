import { chmodSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { FleetSpec, Generation, InstanceId, JobOutcome, Millis, RuntimeJob } from "@oa/contract";
import * as z from "zod";
import { messageOf } from "./log.ts";

/**
 * What the host must still know after kill -9: which instances are wanted, in which incarnation, with which secrets, and
 * which process runs each. SQLite gives atomic, synced writes, and its exclusive lock, which the kernel drops with the
 * process, makes sure that one data folder has one host.
 */

/** A restore on its way; found at start, it is rolled back or finished before a gateway may run. */
export const RestoreJournal = z.object({
  backupId: z.string(),
  /** Id under which the replaced state is kept. */
  keptId: z.string(),
  /** `swapping`: can still go back. `settled`: the gateway was ready with it, only the bookkeeping is missing. */
  stage: z.enum(["swapping", "settled"]),
  /** Renames in their order: `live` moves to `kept`, then `restored` moves to `live`. Places in the instance's folder. */
  swaps: z.array(z.object({ live: z.string(), kept: z.string(), restored: z.string() })),
  startedAt: Millis,
});
export type RestoreJournal = z.infer<typeof RestoreJournal>;

/** The gateway process of an instance, so that the next host can adopt it or end it. */
export const ProcessRecord = z.object({
  pid: z.int().positive(),
  start: z.string(),
  port: z.int().positive(),
  launchedAt: Millis,
  /** Digest of everything that needs a new process when it changes. */
  launchKey: z.string(),
});
export type ProcessRecord = z.infer<typeof ProcessRecord>;

/** The long work of an instance: what had begun, so that the next host knows of it, and how the last one ended. */
const JobRecord = z.object({ running: RuntimeJob.nullable(), last: JobOutcome.nullable() });

/** Who was let in before the instance passed into other hands is shut out before a gateway serves again (`gateway/shutOut.ts`). */
export const AccessRecord = z.object({
  /** The highest `access_version` of a wish. */
  version: z.int().nonnegative(),
  /** Devices of before may be paired: nobody is let through to the gateway. */
  due: z.boolean(),
  /** When they were last shut out: a backup from before that still holds them. Null: never. */
  clearedAt: Millis.nullable(),
});
export type AccessRecord = z.infer<typeof AccessRecord>;

export const NO_ACCESS_ENDED: AccessRecord = { version: 0, due: false, clearedAt: null };

export const InstanceRecord = z.object({
  id: InstanceId,
  generation: Generation,
  desired: z.enum(["running", "stopped", "deleted"]),
  /** True once nothing of a deleted instance is left: then this is a tombstone, which keeps late commands out. */
  gone: z.boolean(),
  /** Null once deleted. */
  spec: FleetSpec.nullable(),
  gatewayToken: z.string(),
  /** Still accepted until the new one is used, or until `until`. */
  previousServiceToken: z.object({ token: z.string(), until: Millis }).nullable(),
  /** Absent in records of a host that did not know of it. */
  access: AccessRecord.default(NO_ACCESS_ENDED),
  process: ProcessRecord.nullable(),
  restore: RestoreJournal.nullable(),
  /** Absent in records of a host that did not keep it. */
  jobs: JobRecord.default({ running: null, last: null }),
  createdAt: Millis,
  updatedAt: Millis,
});
export type InstanceRecord = z.infer<typeof InstanceRecord>;

/** Starting without a record would leave its gateway to nobody, so one that cannot be read stops the host. */
function readRecord(id: string, text: string): InstanceRecord {
  try {
    return InstanceRecord.parse(JSON.parse(text));
  } catch (error) {
    const advice =
      "It was written by a newer host, or is damaged: start that version, or put a copy of the folder back.";
    throw new Error(`The record of instance ${id} cannot be read. ${advice}`, { cause: error });
  }
}

export interface Store {
  /** Throws an Error that names the instance whose record cannot be read. */
  all(): InstanceRecord[];
  /** Durable when it returns. */
  put(record: InstanceRecord): void;
  /** Forgets a tombstone. */
  drop(id: string): void;
  close(): void;
}

/** Raised when another host holds the data folder. */
export class DataDirInUseError extends Error {
  constructor(dataDir: string) {
    super(`Another runtime host already uses ${dataDir}. Stop it, or give this one its own --data-dir.`);
    this.name = "DataDirInUseError";
  }
}

export function openStore(dataDir: string): Store {
  const file = join(dataDir, "host.sqlite");
  const db = new DatabaseSync(file, { timeout: 0 });
  try {
    // Without WAL's shared memory nobody else may even read while the lock is held; the empty transaction takes it now.
    db.exec(
      "PRAGMA locking_mode=EXCLUSIVE; PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; BEGIN EXCLUSIVE; COMMIT;",
    );
    db.exec("CREATE TABLE IF NOT EXISTS instances (id TEXT PRIMARY KEY, record TEXT NOT NULL) STRICT");
  } catch (error) {
    db.close();
    if (error instanceof Error && /locked|busy/i.test(error.message)) throw new DataDirInUseError(dataDir);
    throw new Error(`${file} cannot be used: ${messageOf(error)}. Put your copy of the data folder back.`, {
      cause: error,
    });
  }
  chmodSync(file, 0o600);

  const select = db.prepare("SELECT id, record FROM instances ORDER BY id");
  const upsert = db.prepare(
    "INSERT INTO instances (id, record) VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET record = excluded.record",
  );
  const remove = db.prepare("DELETE FROM instances WHERE id = ?");
  return {
    all: () => select.all().map((row) => readRecord(String(row["id"]), String(row["record"]))),
    put: (record) => void upsert.run(record.id, JSON.stringify(record)),
    drop: (id) => void remove.run(id),
    close: () => db.close(),
  };
}
