import { ApiError } from "@oa/contract";
import type { CreditOp, CreditOpResult, Envelope } from "@oa/contract";
import type { Bindings } from "../context.ts";
import { controlUnreachable } from "../control/transport.ts";

/** Where holds are taken and ended. */
export interface CreditDesk {
  /**
   * Idempotent by the operation's hold.
   *
   * @throws ApiError `control_unreachable` where it is not known whether it was done; `rate_limited`.
   */
  submit(userId: string, op: CreditOp): Promise<CreditOpResult>;
}

/** The desk of one user, as a binding hands it out. It answers in the envelope: an error's class does not cross it. */
interface DeskOfUser {
  submit(userId: string, op: CreditOp): Promise<Envelope<CreditOpResult>>;
}

/** The binding `CREDIT_DESK`. */
export interface CreditDesks {
  getByName(userId: string): DeskOfUser;
}

/**
 * The desk behind the binding.
 *
 * @throws ApiError `not_configured` where it is not bound.
 */
export function creditDeskOf(bindings: Bindings): CreditDesk {
  const desks = bindings.CREDIT_DESK;
  if (desks === undefined) {
    const variables = [{ variable: "CREDIT_DESK", message: "is not bound" }];
    throw new ApiError("not_configured", "The Worker is not configured: CREDIT_DESK is not bound.", { variables });
  }
  return {
    async submit(userId, op) {
      const answer = await surely(() => desks.getByName(userId).submit(userId, op));
      if (answer.ok) return answer.data;
      const { code, message, details } = answer.error;
      throw new ApiError(code, message, details);
    },
  };
}

/** Once more where the first is lost: a deployment resets the user's object under a call. */
async function surely<T>(ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch {
    try {
      return await ask();
    } catch (error) {
      console.error(JSON.stringify({ level: "error", event: "credit_desk_lost", message: String(error) }));
      throw controlUnreachable();
    }
  }
}
