import { randomUUID } from "node:crypto";
import { acceptedMail, type Mail, type NewMail } from "./mail.ts";

const KEPT_MAILS = 200;
/** Resend forgets an idempotency key after a day. */
const KEY_LIFETIME_MS = 24 * 60 * 60_000;

/** What became of a mail that came with an idempotency key, or without one. */
export type Accepted = { kind: "sent" | "repeated"; id: string } | { kind: "other_payload" };

/** The last mails, in memory, and the idempotency keys of the last day. Time comes from `now` (milliseconds). */
export class OutboxStore {
  readonly #now: () => number;
  #mails: Mail[] = [];
  readonly #keys = new Map<string, { payload: string; id: string; expiresAt: number }>();

  constructor(now: () => number) {
    this.#now = now;
  }

  /** `payload` is the body as it came: the same key must come with the same. Keys of one API key do not meet another's. */
  accept(mail: NewMail, payload: string, apiKey: string, idempotencyKey: string | null): Accepted {
    const now = this.#now();
    for (const [key, { expiresAt }] of this.#keys) if (expiresAt <= now) this.#keys.delete(key);
    const scoped = idempotencyKey === null ? null : JSON.stringify([apiKey, idempotencyKey]);
    const earlier = scoped === null ? undefined : this.#keys.get(scoped);
    if (earlier !== undefined) {
      return earlier.payload === payload ? { kind: "repeated", id: earlier.id } : { kind: "other_payload" };
    }
    const id = randomUUID();
    if (scoped !== null) this.#keys.set(scoped, { payload, id, expiresAt: now + KEY_LIFETIME_MS });
    this.#mails = [acceptedMail(id, now, mail), ...this.#mails].slice(0, KEPT_MAILS);
    return { kind: "sent", id };
  }

  /** Newest first. */
  list(): readonly Mail[] {
    return this.#mails;
  }

  find(id: string): Mail | null {
    return this.#mails.find((mail) => mail.id === id) ?? null;
  }

  /** Forgets the mails, not the keys: what was sent stays sent. */
  clear(): void {
    this.#mails = [];
  }
}
