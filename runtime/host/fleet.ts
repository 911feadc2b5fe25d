import { mkdir, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { ApiError, type FleetDeletion, type FleetInstance, type FleetSpec } from "@oa/contract";
import type { HostContext } from "./context.ts";
import { Instance } from "./instance.ts";
import { newGatewayToken } from "./gateway/shutOut.ts";
import { messageOf } from "./log.ts";
import { trashDir } from "./paths.ts";
import { processesUnder, signal } from "./processes.ts";
import { type InstanceRecord, NO_ACCESS_ENDED } from "./store.ts";

/** Tombstones keep late commands for a deleted instance out; none is on its way for this long. */
const TOMBSTONE_LIFETIME_MS = 30 * 24 * 60 * 60_000;

/**
 * All instances of this host. Every command carries a generation, and an older one than is known is refused, also after the
 * instance is gone. No method waits for a gateway: it writes down what is wanted and answers what is.
 */
export class Fleet {
  readonly #context: HostContext;
  readonly #instances = new Map<string, Instance>();
  /** Records of instances that are gone: generation only. */
  readonly #tombstones = new Map<string, InstanceRecord>();

  constructor(context: HostContext) {
    this.#context = context;
  }

  get(id: string): Instance | undefined {
    return this.#instances.get(id);
  }

  /** Takes up where a former host stopped: reads what is wanted, and ends what nobody wants. Before anybody is listened to. */
  async recover(): Promise<void> {
    for (const record of this.#context.store.all()) {
      if (isTombstone(record)) this.#tombstones.set(record.id, record);
      else this.#instances.set(record.id, this.#create(record));
    }
    this.#dropOldTombstones();
    // A gateway of the former host may still be booting: nobody listens on its port, and it is not free. Before anybody is
    // given one.
    for (const { record } of this.#instances.values())
      if (record.process !== null) await this.#context.ports.hold(record.process.port);
    await this.#sweep();
  }

  /** Brings back what is wanted; once it is known where this host is reached, which gateways are told. */
  resume(): void {
    for (const instance of this.#instances.values()) instance.converge(false);
    // Behind the start: what was being deleted may be large.
    void this.#emptyTrash().catch((error: unknown) =>
      this.#context.log.warn("the trash could not be emptied", { why: messageOf(error) }),
    );
  }

  put(id: string, spec: FleetSpec): FleetInstance {
    const { install, now } = this.#context;
    const wanted = spec.env.OPENCLAW_VERSION;
    if (wanted !== undefined && wanted !== install.version)
      throw new ApiError("unprocessable", `This host runs OpenClaw ${install.version} and does not have ${wanted}.`, {
        available: [install.version],
      });
    if (spec.env.OPENCLAW_BIND_MODE === "lan")
      throw new ApiError(
        "unprocessable",
        "This host shares one machine among instances: gateways bind to loopback only.",
      );
    const known = this.#instances.get(id);
    if (known !== undefined) {
      refuseOlder(spec.generation, known.record.generation);
      if (known.record.desired === "deleted")
        throw new ApiError("conflict", "This instance is being deleted. Ask again when it is gone.");
      known.apply(spec);
      return known.view();
    }
    const tombstone = this.#tombstones.get(id);
    // The generation that was deleted must not come back by a late or repeated command either.
    if (tombstone !== undefined && spec.generation <= tombstone.generation)
      throw stale(spec.generation, tombstone.generation);
    const instance = this.#create({
      ...emptyRecord(id, now()),
      gone: false,
      gatewayToken: newGatewayToken(),
    });
    this.#tombstones.delete(id);
    this.#instances.set(id, instance);
    instance.apply(spec);
    return instance.view();
  }

  /** `not_found` where it never was, or is gone. */
  view(id: string): FleetInstance {
    const instance = this.#instances.get(id);
    if (instance === undefined) throw new ApiError("not_found", "This host has no such instance.");
    return instance.view();
  }

  /** The same answer however often it is asked; `gone` for an instance that never was. */
  remove(id: string, generation: number): FleetDeletion {
    const { now, store } = this.#context;
    const instance = this.#instances.get(id);
    if (instance !== undefined) {
      refuseOlder(generation, instance.record.generation);
      if (instance.record.desired !== "deleted") instance.remove(generation);
      return { id, state: "deleting" };
    }
    const before = this.#tombstones.get(id);
    if (before === undefined || before.generation < generation) {
      // Written even for an unknown id: the creation that this overtook must not succeed later.
      const tombstone = { ...emptyRecord(id, now()), ...before, generation, updatedAt: now() };
      store.put(tombstone);
      this.#bury(tombstone);
    }
    return { id, state: "gone" };
  }

  /** Ends every gateway, all at once, each with the same time to finish its work. */
  async shutdown(graceMs: number): Promise<void> {
    await Promise.all([...this.#instances.values()].map((instance) => instance.shutdown(graceMs)));
  }

  #create(record: InstanceRecord): Instance {
    const instance: Instance = new Instance(this.#context, record, () => {
      this.#bury(instance.record);
      this.#instances.delete(record.id);
      this.#context.reporter.forget(record.id);
    });
    return instance;
  }

  #bury(tombstone: InstanceRecord): void {
    this.#tombstones.set(tombstone.id, tombstone);
    // With each new one, so that a host that runs for years keeps no more of them than a month's.
    this.#dropOldTombstones();
  }

  #dropOldTombstones(): void {
    const { store, now } = this.#context;
    for (const { id, updatedAt } of this.#tombstones.values()) {
      if (updatedAt + TOMBSTONE_LIFETIME_MS >= now()) continue;
      store.drop(id);
      this.#tombstones.delete(id);
    }
  }

  /** Removes what is in the trash now; never the folder, into which a deletion may be moving the next one. */
  async #emptyTrash(): Promise<void> {
    const trash = trashDir(this.#context.dataDir);
    await mkdir(trash, { recursive: true, mode: 0o700 });
    for (const name of await readdir(trash)) await rm(join(trash, name), { recursive: true, force: true });
  }

  /** Kills processes of instances that nobody wants to run. Folders that nobody knows are told of, never deleted. */
  async #sweep(): Promise<void> {
    const { dataDir, log } = this.#context;
    const root = join(dataDir, "instances");
    await mkdir(root, { recursive: true, mode: 0o700 });
    for (const { pid, home, job } of await processesUnder(root)) {
      const id = home.slice(root.length + 1).split("/")[0] ?? "";
      const wanted = this.#instances.get(id)?.record.desired === "running";
      // A command of the former host has nobody left who waits for it; a gateway that is wanted is taken over.
      if (wanted && !job) continue;
      log.warn("a process without an owner was ended", { instance: id, pid });
      signal(pid, "SIGKILL");
    }
    for (const name of await readdir(root)) {
      if (!this.#instances.has(name)) log.warn("a folder belongs to no instance", { folder: name });
    }
  }
}

function refuseOlder(given: number, known: number): void {
  if (given < known) throw stale(given, known);
}

function stale(given: number, known: number): ApiError {
  return new ApiError("stale_generation", `This command is for generation ${given}, which is over.`, {
    generation: known,
  });
}

/** Deleted, with nothing left of it. */
function isTombstone(record: InstanceRecord): boolean {
  return record.desired === "deleted" && record.gone;
}

function emptyRecord(id: string, now: number): InstanceRecord {
  return {
    id,
    generation: 1,
    desired: "deleted",
    gone: true,
    spec: null,
    gatewayToken: "",
    previousServiceToken: null,
    access: NO_ACCESS_ENDED,
    process: null,
    restore: null,
    jobs: { running: null, last: null },
    createdAt: now,
    updatedAt: now,
  };
}
