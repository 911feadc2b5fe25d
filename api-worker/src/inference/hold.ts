import type { CreditOp, CreditOpResult, SettleOp } from "@oa/contract";
import type { CreditDesk } from "../credits/desk.ts";

/**
 * A hold that was granted. The first of `settle` and `release` ends it, whatever is called later; both come back at once and go on
 * by themselves, asked again until Convex has them.
 */
export interface OpenHold {
  settle(settlement: Settlement): void;
  /** Nothing was delivered; the hold is voided. */
  release(reason: string): void;
  /** What has been delivered so far: charged if nobody lives to settle. */
  note(outputTokens: number): void;
  /** Resolves when the hold has ended, or was given up to its expiry. Never rejects. */
  readonly ended: Promise<void>;
}

export type Settlement = Omit<SettleOp, "op" | "hold_id">;

export interface HoldTrace {
  requestId: string;
  userId: string;
  holdId: string;
}

/** How long an end is tried for, in ms: less than the 30 s a Worker lives on after its answer. */
const PATIENCE_MS = 25_000;
const FIRST_PAUSE_MS = 250;

/** `trace` is what the log says of a hold that could not be ended. */
export function openHold(desk: CreditDesk, trace: HoldTrace): OpenHold {
  const { userId, holdId } = trace;
  const { promise: ended, resolve } = Promise.withResolvers<void>();
  let isOver = false;
  const end = (op: CreditOp) => {
    if (isOver) return;
    isOver = true;
    void submitUntilDone(desk, trace, op).then(resolve);
  };
  return {
    settle: (settlement) => end({ op: "settle", hold_id: holdId, ...settlement }),
    release: (reason) => end({ op: "void", hold_id: holdId, reason }),
    note(outputTokens) {
      // One that is lost is made good by the next, or by the end.
      if (!isOver) {
        desk.submit(userId, { op: "progress", hold_id: holdId, output_tokens: outputTokens }).catch(() => undefined);
      }
    },
    ended,
  };
}

async function submitUntilDone(desk: CreditDesk, trace: HoldTrace, op: CreditOp): Promise<void> {
  const giveUpAt = Date.now() + PATIENCE_MS;
  let pause = FIRST_PAUSE_MS;
  for (;;) {
    try {
      const result = await desk.submit(trace.userId, op);
      if (!isEnd(op, result)) logged("hold_misended", trace, { op: op.op, result: result.result });
      return;
    } catch (error) {
      if (Date.now() + pause > giveUpAt) {
        logged("hold_left_to_expire", trace, { op: op.op, message: String(error) });
        return;
      }
      await new Promise((resolve) => setTimeout(resolve, pause));
      pause *= 2;
    }
  }
}

/** A hold nobody knows needs no voiding: its authorize never arrived. */
function isEnd({ op }: CreditOp, { result }: CreditOpResult): boolean {
  return result === "settled" || result === "voided" || (op === "void" && result === "unknown_hold");
}

function logged(event: string, { requestId, userId, holdId }: HoldTrace, more: object): void {
  console.error(
    JSON.stringify({ level: "error", event, request_id: requestId, user_id: userId, hold_id: holdId, ...more }),
  );
}
