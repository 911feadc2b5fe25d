import { DurableObject } from "cloudflare:workers";
import type { CreditOp, CreditOpResult, Envelope } from "@oa/contract";
import type { Bindings } from "../context.ts";
import { deskOfUser } from "./batch.ts";

/**
 * One object a user, named by the user's id: the only place that user's holds are taken and ended from, wherever in the world the
 * calls arrive. It stores nothing; when it is evicted, its callers ask again.
 */
export class CreditDeskObject extends DurableObject<Bindings> {
  #desk: ReturnType<typeof deskOfUser> | undefined;

  /** As `CreditDesk.submit`, in the envelope. */
  submit(userId: string, op: CreditOp): Promise<Envelope<CreditOpResult>> {
    this.#desk ??= deskOfUser(this.env, userId);
    return this.#desk.submit(op);
  }
}
