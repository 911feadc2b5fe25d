import { ApiError, BatchResult, CREDIT_CONTROL_PATHS, errorBody } from "@oa/contract";
import type { CreditOp, CreditOpResult, Envelope } from "@oa/contract";
import { readConfig } from "../config.ts";
import type { Bindings } from "../context.ts";
import { controlTransport, controlUnreachable } from "../control/transport.ts";
import { Combiner } from "./combiner.ts";
import type { CombinerLimits } from "./combiner.ts";

/** One attempt's time for a batch, in ms. */
const BATCH_DEADLINE_MS = 8_000;

/** A desk for one user over Convex: what the Durable Object is, and what tests put in its place. */
export function deskOfUser(bindings: Bindings, userId: string, limits?: CombinerLimits) {
  const combiner = new Combiner((ops) => sendBatch(bindings, userId, ops), limits);
  return {
    submit: (op: CreditOp): Promise<Envelope<CreditOpResult>> =>
      combiner.submit(op).then((data) => ({ ok: true, data }), failure),
  };
}

async function sendBatch(
  bindings: Bindings,
  userId: string,
  ops: readonly CreditOp[],
): Promise<readonly CreditOpResult[]> {
  const read = readConfig(bindings);
  if (!read.ok) throw new ApiError("not_configured", "The Worker is not configured.");
  const { convexSiteUrl: siteUrl, controlKey: key } = read.config;
  // A batch is of many requests: it has an id of its own.
  const send = controlTransport({ siteUrl, key, requestId: crypto.randomUUID() }, { deadlineMs: BATCH_DEADLINE_MS });
  const path = CREDIT_CONTROL_PATHS.creditsBatch;
  const { results } = await send({ method: "POST", path, userId, body: { ops }, answer: BatchResult });
  if (results.length !== ops.length) {
    console.error(
      JSON.stringify({ level: "error", event: "batch_misfit", asked: ops.length, answered: results.length }),
    );
    throw controlUnreachable();
  }
  return results;
}

function failure(error: unknown): Envelope<CreditOpResult> {
  return errorBody(error instanceof ApiError ? error : controlUnreachable());
}
