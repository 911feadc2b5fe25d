import { ApiError } from "@oa/contract";
import type { Actor, Session, Terminal } from "./middleware/gates.ts";
import type { Services } from "./context.ts";

/** One act that changes something, as the audit log names it. */
export interface Act {
  /** Dotted, like `instance.create`. */
  action: string;
  /** What it is done to; null for the instance as a whole. */
  target: string | null;
  /** Whose things they are, where that is not the actor: an administrator acts for another. */
  subject?: string;
}

/** The call an act is done in. */
export interface Witness {
  granted: Actor | Session | Terminal;
  services: Services;
  requestId: string;
  ip: string | null;
  after: (work: Promise<void>) => void;
}

/**
 * Does an act between two audit rows, told apart from all others by an id that the work may pass on, for who writes the second row
 * with what it does. The first is written before anything happens, and without it nothing does. The
 * second tells the outcome; it, and the act, go on when the caller hangs up.
 */
export async function audited<T>(witness: Witness, act: Act, work: (actId: string) => Promise<T>): Promise<T> {
  const { services, requestId, ip } = witness;
  const actor = actorOf(witness.granted);
  const event = {
    act_id: crypto.randomUUID(),
    actor: actor.via === "internal" ? "internal-key" : actor.userId,
    via: actor.via,
    subject_user_id: act.subject ?? actor.userId,
    action: act.action,
    target: act.target,
    ip,
    request_id: requestId,
  };
  await services.control.audit({ ...event, result: "started", code: null });
  const done = work(event.act_id).then(
    async (value) => {
      await closing({ ...event, result: "ok", code: null });
      return value;
    },
    async (error: unknown) => {
      await closing({ ...event, result: "failed", code: error instanceof ApiError ? error.code : "internal" });
      throw error;
    },
  );
  witness.after(done.then(nothing, nothing));
  return done;

  /** What was done is done: a log that is away now must not make the answer say otherwise. */
  async function closing(row: Parameters<typeof services.control.audit>[0]): Promise<void> {
    try {
      await services.control.audit(row);
    } catch {
      console.error(
        JSON.stringify({
          level: "error",
          event: "audit_incomplete",
          act_id: row.act_id,
          action: row.action,
          result: row.result,
          code: row.code,
        }),
      );
    }
  }
}

/** Who stands behind what a gate granted, and how they came. */
export function actorOf(granted: Witness["granted"]): Actor | { userId: string; via: "terminal" } {
  if ("via" in granted) return granted;
  if ("access" in granted) return { userId: granted.access.user.user_id, via: "terminal" };
  return { userId: granted.user.user_id, via: "session" };
}

function nothing(): void {}
