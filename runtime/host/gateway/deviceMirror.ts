import type { DeviceDecision, DeviceLists, DeviceRemoval } from "@oa/contract";
import * as z from "zod";
import { Devices, changesDevices } from "./devices.ts";
import { GatewayLink, type LinkTarget } from "./link.ts";

/** Of the file, and of what the gateway runs with. */
const Revisions = z.object({ configRevisionHash: z.string().optional(), appliedConfigHash: z.string().optional() });

/**
 * The devices of a gateway, kept current by its own events: the newest lists are there without asking, and somebody is told
 * whenever they change. Reading and deciding still ask the gateway, which takes milliseconds over the held connection.
 */

/** Bursts of events (a reconnect makes several) become one reading. */
const GATHER_MS = 30;
/** Longest time a timer can wait. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

export class DeviceMirror {
  readonly #now: () => number;
  readonly #changed: () => void;
  readonly #link: GatewayLink;
  readonly #devices: Devices;
  #target: LinkTarget | null = null;
  #latest: DeviceLists | null = null;
  #gather: NodeJS.Timeout | null = null;
  #expiry: NodeJS.Timeout | null = null;

  constructor(now: () => number, changed: () => void) {
    this.#now = now;
    this.#changed = changed;
    this.#link = new GatewayLink(
      ({ event }) => {
        if (changesDevices(event)) this.#readSoon();
      },
      () => this.#readSoon(),
    );
    this.#devices = new Devices(this.#link, now);
  }

  /** True when it follows this gateway with this token. */
  follows(target: LinkTarget): boolean {
    return this.#target?.port === target.port && this.#target.token === target.token;
  }

  /** Follows this gateway from now on; does nothing when it already does. */
  open(target: LinkTarget): void {
    if (this.follows(target)) return;
    this.#target = target;
    this.#link.open(target);
  }

  close(): void {
    this.#target = null;
    this.#latest = null;
    if (this.#gather !== null) clearTimeout(this.#gather);
    if (this.#expiry !== null) clearTimeout(this.#expiry);
    this.#gather = null;
    this.#expiry = null;
    this.#link.close();
  }

  /** Lists of the last change; null while there is no gateway to ask. */
  latest(): DeviceLists | null {
    return this.#latest;
  }

  async list(): Promise<DeviceLists> {
    const lists = await this.#devices.list();
    this.#take(lists);
    return lists;
  }

  async decide(requestId: string, decision: "approve" | "reject"): Promise<DeviceDecision> {
    const decided = await this.#devices.decide(requestId, decision);
    this.#readSoon();
    return decided;
  }

  async remove(deviceId: string): Promise<DeviceRemoval> {
    const removed = await this.#devices.remove(deviceId);
    this.#readSoon();
    return removed;
  }

  /** Nobody is paired, and nobody waits to be. */
  async removeAll(): Promise<void> {
    await this.#devices.removeAll();
    await this.list();
  }

  /** The secrets file was written anew: the gateway reads it, and we sign in with the new token. */
  async reloadSecrets(target: LinkTarget): Promise<void> {
    await this.#link.call("secrets.reload");
    this.open(target);
  }

  /** True when the gateway runs with its configuration file as it is now. Rejects while it cannot be asked. */
  async runsWithConfig(): Promise<boolean> {
    const { configRevisionHash, appliedConfigHash } = Revisions.parse(await this.#link.call("config.get"));
    return configRevisionHash !== undefined && configRevisionHash === appliedConfigHash;
  }

  #readSoon(): void {
    if (this.#gather !== null || this.#target === null) return;
    this.#gather = setTimeout(() => {
      this.#gather = null;
      // A failed reading is followed by another one: the connection that broke is opened again.
      void this.list().catch(() => undefined);
    }, GATHER_MS);
  }

  #take(lists: DeviceLists): void {
    if (this.#target === null) return;
    const different = JSON.stringify(lists) !== JSON.stringify(this.#latest);
    this.#latest = lists;
    this.#watchExpiry(lists);
    if (different) this.#changed();
  }

  /** A request that runs out makes no event. */
  #watchExpiry(lists: DeviceLists): void {
    if (this.#expiry !== null) clearTimeout(this.#expiry);
    this.#expiry = null;
    if (lists.pending.length === 0) return;
    const next = Math.min(...lists.pending.map((request) => request.expiresAt));
    this.#expiry = setTimeout(() => this.#readSoon(), Math.min(LONGEST_TIMER_MS, Math.max(0, next - this.#now()) + 1));
    this.#expiry.unref();
  }
}
