import { randomBytes, randomInt } from "node:crypto";
import type { Person } from "../oauth/people.ts";

/** Lifetimes of the device flow, in seconds. */
export interface DeviceLimits {
  expiresInSeconds: number;
  /** Shortest time between two polls at the start. */
  intervalSeconds: number;
}

/** GitHub's own figures. */
export const GITHUB_DEVICE_LIMITS: DeviceLimits = { expiresInSeconds: 900, intervalSeconds: 5 };

/** GitHub adds this many seconds to the interval for every poll that comes too early (RFC 8628 section 3.5 says the same). */
const SLOW_DOWN_SECONDS = 5;

/** No vowels and no look-alikes, so that a code is neither a word nor misread (RFC 8628 section 6.1). */
const USER_CODE_LETTERS = "BCDFGHJKLMNPQRSTVWXZ";

/** One device that waits for its person. */
export interface DeviceRequest {
  deviceCode: string;
  /** `XXXX-XXXX`. */
  userCode: string;
  clientId: string;
  scopes: readonly string[];
  expiresAt: number;
  intervalSeconds: number;
  lastPollAt: number | null;
  decision: { kind: "pending" } | { kind: "denied" } | { kind: "approved"; person: Person };
}

/** What a poll learns. Every kind but `approved` is GitHub's error code of that name. */
export type PollAnswer =
  | { kind: "incorrect_device_code" | "expired_token" | "access_denied" | "authorization_pending" }
  | { kind: "slow_down"; intervalSeconds: number }
  | { kind: "approved"; person: Person; scopes: readonly string[] };

/**
 * The device flow of RFC 8628 as GitHub runs it. A request is pending until its person decides or its time is over; what
 * was approved is handed out once, after which the device code is unknown. Time comes from `now` (milliseconds).
 */
export class DeviceFlow {
  readonly limits: DeviceLimits;
  readonly #now: () => number;
  readonly #requests = new Map<string, DeviceRequest>();

  constructor(limits: DeviceLimits, now: () => number) {
    this.limits = limits;
    this.#now = now;
  }

  start(clientId: string, scopes: readonly string[]): DeviceRequest {
    this.#forgetOld();
    const request: DeviceRequest = {
      deviceCode: randomBytes(20).toString("hex"),
      userCode: newUserCode(),
      clientId,
      scopes,
      expiresAt: this.#now() + this.limits.expiresInSeconds * 1000,
      intervalSeconds: this.limits.intervalSeconds,
      lastPollAt: null,
      decision: { kind: "pending" },
    };
    this.#requests.set(request.deviceCode, request);
    return request;
  }

  /** The undecided request of a user code, however it was typed; null when there is none or its time is over. */
  findByUserCode(typed: string): DeviceRequest | null {
    const wanted = letters(typed);
    for (const request of this.#requests.values()) {
      const open = request.decision.kind === "pending" && this.#now() < request.expiresAt;
      if (open && letters(request.userCode) === wanted) return request;
    }
    return null;
  }

  decide(request: DeviceRequest, choice: Person | "deny"): void {
    request.decision = choice === "deny" ? { kind: "denied" } : { kind: "approved", person: choice };
  }

  /** A poll by `clientId`. Another client's device code is as unknown as an invented one. */
  poll(deviceCode: string, clientId: string): PollAnswer {
    const request = this.#requests.get(deviceCode);
    if (request === undefined || request.clientId !== clientId) return { kind: "incorrect_device_code" };
    const now = this.#now();
    if (now >= request.expiresAt) return { kind: "expired_token" };
    const tooEarly = request.lastPollAt !== null && now - request.lastPollAt < request.intervalSeconds * 1000;
    request.lastPollAt = now;
    if (tooEarly) {
      request.intervalSeconds += SLOW_DOWN_SECONDS;
      return { kind: "slow_down", intervalSeconds: request.intervalSeconds };
    }
    switch (request.decision.kind) {
      case "pending":
        return { kind: "authorization_pending" };
      case "denied":
        return { kind: "access_denied" };
      case "approved":
        this.#requests.delete(deviceCode);
        return { kind: "approved", person: request.decision.person, scopes: request.scopes };
    }
  }

  /** Expired requests stay for a second lifetime, so that a late poll is told `expired_token`. */
  #forgetOld(): void {
    const limit = this.#now() - this.limits.expiresInSeconds * 1000;
    for (const [code, request] of this.#requests) if (request.expiresAt < limit) this.#requests.delete(code);
  }
}

function newUserCode(): string {
  const half = (): string =>
    Array.from({ length: 4 }, () => USER_CODE_LETTERS.charAt(randomInt(USER_CODE_LETTERS.length))).join("");
  return `${half()}-${half()}`;
}

function letters(code: string): string {
  return code.toUpperCase().replaceAll(/[^A-Z0-9]/g, "");
}
