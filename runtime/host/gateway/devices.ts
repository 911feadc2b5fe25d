import {
  ApiError,
  type DeviceClient,
  type DeviceDecision,
  DeviceLists,
  type DeviceRemoval,
  NO_EXPIRY,
  type PairedDevice,
  type PendingDevice,
} from "@oa/contract";
import * as z from "zod";
import { shownClientAddress } from "../forward/clientAddress.ts";
import type { GatewayLink } from "./link.ts";
import { GatewayRefusal } from "./rpc.ts";

/**
 * The devices of one gateway, in the contract's words. Two kinds of requests are pending in a gateway and one list shows
 * both: a device that wants in, and a paired node that asks to be allowed to run commands (its `scopes` are the commands).
 */

/** The gateway forgets a device's request this long after it was made. */
const REQUEST_LIFETIME_MS = 5 * 60_000;
/** Decisions and requests remembered, so that a repeated click gets the first answer and a late one the true reason. */
const REMEMBERED = 200;

const Text = z.string().max(4_000);
const RawPending = z.object({
  requestId: Text,
  deviceId: Text.optional(),
  nodeId: Text.optional(),
  displayName: Text.optional(),
  platform: Text.optional(),
  version: Text.optional(),
  deviceFamily: Text.optional(),
  clientId: Text.optional(),
  clientMode: Text.optional(),
  role: Text.optional(),
  scopes: z.array(Text).optional(),
  commands: z.array(Text).optional(),
  remoteIp: Text.optional(),
  ts: z.number(),
});
const RawPaired = z.object({
  deviceId: Text,
  displayName: Text.optional(),
  operatorLabel: Text.optional(),
  platform: Text.optional(),
  deviceFamily: Text.optional(),
  clientId: Text.optional(),
  clientMode: Text.optional(),
  role: Text.optional(),
  roles: z.array(Text).optional(),
  scopes: z.array(Text).optional(),
  approvedAtMs: z.number(),
  lastSeenAtMs: z.number().optional(),
  connected: z.boolean().optional(),
});
const RawDevices = z.object({ pending: z.array(RawPending), paired: z.array(RawPaired) });
const RawNodes = z.object({ pending: z.array(RawPending) });

/** Events after which the lists are different. */
const DEVICE_EVENTS = new Set([
  "device.pair.requested",
  "device.pair.resolved",
  "node.pair.requested",
  "node.pair.resolved",
  "presence",
]);

export function changesDevices(event: string): boolean {
  return DEVICE_EVENTS.has(event);
}

type Kind = "device" | "node";

export class Devices {
  readonly #link: GatewayLink;
  readonly #now: () => number;
  /** What was decided, by request id. */
  readonly #decided = new Map<string, "approved" | "rejected">();
  /** Requests that were seen, and when they end. */
  readonly #seen = new Map<string, number>();

  constructor(link: GatewayLink, now: () => number) {
    this.#link = link;
    this.#now = now;
  }

  async list(): Promise<DeviceLists> {
    return (await this.#read()).lists;
  }

  async decide(requestId: string, decision: "approve" | "reject"): Promise<DeviceDecision> {
    const wanted = decision === "approve" ? "approved" : "rejected";
    const { kinds } = await this.#read();
    const kind = kinds.get(requestId);
    if (kind === undefined) return this.#alreadyOver(requestId, wanted);
    try {
      await this.#link.call(`${kind}.pair.${decision}`, { requestId });
    } catch (error) {
      // Decided, superseded or expired between the look and the call.
      if (error instanceof GatewayRefusal && !(await this.#read()).kinds.has(requestId))
        return this.#alreadyOver(requestId, wanted);
      throw refusalToError(error);
    }
    remember(this.#decided, requestId, wanted);
    return { approved: decision === "approve", requestId };
  }

  async remove(deviceId: string): Promise<DeviceRemoval> {
    const { lists } = await this.#read();
    if (!lists.paired.some((device) => device.deviceId === deviceId)) throw unknownId();
    try {
      await this.#link.call("device.pair.remove", { deviceId });
    } catch (error) {
      throw refusalToError(error);
    }
    return { removed: true, deviceId };
  }

  /** Turns every request down and removes every paired device. Rejects where one is left; may be repeated. */
  async removeAll(): Promise<void> {
    const { lists, kinds } = await this.#read();
    for (const { requestId } of lists.pending)
      await this.#link.call(`${kinds.get(requestId) ?? "device"}.pair.reject`, { requestId });
    for (const { deviceId } of lists.paired) await this.#link.call("device.pair.remove", { deviceId });
    const { paired, pending } = (await this.#read()).lists;
    if (paired.length + pending.length > 0) throw new Error("the gateway still has devices that were removed");
  }

  #alreadyOver(requestId: string, wanted: "approved" | "rejected"): DeviceDecision {
    const decided = this.#decided.get(requestId);
    if (decided === wanted) return { approved: wanted === "approved", requestId };
    if (decided !== undefined) throw new ApiError("conflict", `This request was already ${decided}.`);
    const seen = this.#seen.get(requestId);
    if (seen === undefined) throw unknownId();
    throw new ApiError("expired", "This request is over: it expired or the device asked anew. Look at the list again.");
  }

  async #read(): Promise<{ lists: DeviceLists; kinds: Map<string, Kind> }> {
    const [devices, nodes] = await Promise.all([
      this.#link.call("device.pair.list"),
      this.#link.call("node.pair.list"),
    ]);
    const raw = RawDevices.parse(devices);
    const kinds = new Map<string, Kind>();
    const pending: PendingDevice[] = [];
    for (const request of raw.pending) {
      kinds.set(request.requestId, "device");
      pending.push(toPending(request, request.ts + REQUEST_LIFETIME_MS));
    }
    for (const request of RawNodes.parse(nodes).pending) {
      kinds.set(request.requestId, "node");
      pending.push(toPending({ ...request, role: "node", scopes: request.commands ?? [] }, NO_EXPIRY));
    }
    for (const request of pending) remember(this.#seen, request.requestId, request.expiresAt);
    const open = pending
      .filter((request) => request.expiresAt > this.#now())
      .sort((a, b) => a.requestedAt - b.requestedAt);
    const paired = raw.paired.map(toPaired).sort((a, b) => a.pairedAt - b.pairedAt);
    // Through the contract's schema: ids that do not fit a path, for example, must not leave here.
    return { lists: DeviceLists.parse({ pending: open, paired }), kinds };
  }
}

function toPending(raw: z.infer<typeof RawPending>, expiresAt: number): PendingDevice {
  return {
    requestId: raw.requestId,
    deviceId: raw.deviceId ?? raw.nodeId ?? "",
    client: toClient(raw),
    role: short(raw.role ?? "operator", 100),
    scopes: (raw.scopes ?? []).map((scope) => short(scope, 100)),
    ...(raw.remoteIp === undefined ? {} : { remoteIp: short(shownClientAddress(raw.remoteIp), 100) }),
    requestedAt: Math.trunc(raw.ts),
    expiresAt: Math.trunc(expiresAt),
  };
}

function toPaired(raw: z.infer<typeof RawPaired>): PairedDevice {
  return {
    deviceId: raw.deviceId,
    client: toClient({ ...raw, displayName: raw.operatorLabel ?? raw.displayName }),
    role: short(raw.roles?.join(", ") ?? raw.role ?? "operator", 100),
    scopes: (raw.scopes ?? []).map((scope) => short(scope, 100)),
    pairedAt: Math.trunc(raw.approvedAtMs),
    ...(raw.lastSeenAtMs === undefined ? {} : { lastSeenAt: Math.trunc(raw.lastSeenAtMs) }),
    connected: raw.connected ?? false,
  };
}

interface RawClient {
  clientId?: string | undefined;
  clientMode?: string | undefined;
  platform?: string | undefined;
  displayName?: string | undefined;
  version?: string | undefined;
  deviceFamily?: string | undefined;
}

function toClient(raw: RawClient): DeviceClient {
  return {
    id: short(raw.clientId ?? "unknown", 200),
    mode: short(raw.clientMode ?? "unknown", 200),
    platform: short(raw.platform ?? "unknown", 200),
    ...(raw.displayName === undefined ? {} : { displayName: short(raw.displayName, 200) }),
    ...(raw.version === undefined ? {} : { version: short(raw.version, 200) }),
    ...(raw.deviceFamily === undefined ? {} : { deviceFamily: short(raw.deviceFamily, 200) }),
  };
}

function short(text: string, length: number): string {
  return text.slice(0, length);
}

function remember<V>(memory: Map<string, V>, key: string, value: V): void {
  memory.delete(key);
  memory.set(key, value);
  const oldest = memory.keys().next();
  if (memory.size > REMEMBERED && oldest.done !== true) memory.delete(oldest.value);
}

/** One answer for an id that never was and for one of somebody else's instance. */
function unknownId(): ApiError {
  return new ApiError("not_found", "There is no such request or device.");
}

function refusalToError(error: unknown): unknown {
  if (!(error instanceof GatewayRefusal)) return error;
  return new ApiError("runtime_error", "The gateway refused it.", { code: error.code.slice(0, 100) });
}
