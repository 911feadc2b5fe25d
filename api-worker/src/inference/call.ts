import type { Granted, Refused } from "@oa/contract";
import { ApiError, MAX_HOLD_TTL_MS } from "@oa/contract";
import type * as z from "zod";
import type { CreditDesk } from "../credits/desk.ts";
import type { InferenceConfig, Upstream } from "../inferenceConfig.ts";
import { upstreamFor } from "../inferenceConfig.ts";
import { settlementOf } from "./answer.ts";
import type { Ending } from "./answer.ts";
import { dispatch } from "./dispatch.ts";
import { openHold } from "./hold.ts";
import type { OpenHold } from "./hold.ts";
import type { Meter } from "./meter.ts";
import { CALL_DEADLINE_MS, presenceOf } from "./presence.ts";
import type { Presence } from "./presence.ts";
import type { ModelRequest } from "./request.ts";
import { pipe } from "./pipe.ts";
import { frameOf } from "./usage.ts";
import type { ToldUsage, UsageFrame } from "./usage.ts";
import { answerWhole } from "./whole.ts";

/** Whoever spends. */
export interface Spender {
  userId: string;
  /** The provisioned key's hash; null for an editor's JWT. */
  keyId: string | null;
  /** The hash of the secret it came with; null with the key's. */
  secretHash: string | null;
  /** Whose key it is, where it is a hosted OpenClaw's. */
  instanceId: string | null;
}

export interface CallContext {
  config: InferenceConfig;
  desk: CreditDesk;
  spender: Spender;
  requestId: string;
  /** Fires when the caller goes away. */
  callerLeft: AbortSignal;
  /** Keeps work alive past the answer. */
  after: (work: Promise<void>) => void;
}

export type Grant = z.infer<typeof Granted>;
export type Refusal = z.infer<typeof Refused>;

/** What the caller is answered. */
export interface ModelAnswer {
  kind: "answered";
  headers: Record<string, string>;
  body: ReadableStream<Uint8Array> | string;
}

/** A granted call under way: what both ways of answering it work with. */
export interface Call {
  request: ModelRequest;
  upstream: Upstream;
  grant: Grant;
  hold: OpenHold;
  frame: UsageFrame;
  /** Of its stream. */
  meter: Meter;
  presence: Presence;
  config: InferenceConfig;
  requestId: string;
  /** When the upstream was called. */
  startedAt: number;
  /** Settles the hold by what is known, or voids it; only the first says how. */
  end(known: { ending: Ending; isWhole: boolean; told: ToldUsage | null; deliveredTokens: number }): void;
  /** Called with each part of the answer; the first one is remembered. */
  onPart(): void;
}

/** The upstream call's deadline and two minutes. */
const HOLD_TTL_MS = Math.min(CALL_DEADLINE_MS + 2 * 60 * 1000, MAX_HOLD_TTL_MS);
/** A body that is not streamed begins when the whole answer is there. */
const WHOLE_START_MS = 10 * 60 * 1000;

/**
 * One model call on credits: a hold, the upstream, the answer piped to the caller, and the hold settled or voided, always and once.
 *
 * @throws ApiError `model_not_found`, `upstream_unreachable`, `upstream_error`, what the upstream refuses the request with,
 * `control_unreachable`, `rate_limited`.
 */
export async function callModel(
  context: CallContext,
  request: ModelRequest,
): Promise<ModelAnswer | { kind: "refused"; refusal: Refusal }> {
  const { config, desk, spender, requestId, callerLeft, after } = context;
  const upstream = upstreamFor(config, request.model);
  if (upstream === null) throw unknownModel(request.model);
  // Never the request's id: callers choose those, and two calls must not share a hold.
  const holdId = crypto.randomUUID();
  const hold = openHold(desk, { requestId, userId: spender.userId, holdId });
  const result = await authorized(context, request, holdId).catch((error: unknown) => {
    if (error instanceof ApiError && error.code === "control_unreachable") {
      // The answer was lost, the hold perhaps not: what was never called for is not charged.
      after(hold.ended);
      hold.release("the authorize brought no answer");
    }
    throw error;
  });
  if (result.result === "refused") return { kind: "refused", refusal: result };
  after(hold.ended);
  if (callerLeft.aborted) {
    hold.release("the caller left before the call");
    throw new ApiError("upstream_unreachable", "The caller left before the model was called.");
  }
  return await dispatched(callOf(context, request, upstream, result, hold), holdId);
}

async function authorized({ desk, spender }: CallContext, request: ModelRequest, holdId: string) {
  const answer = await desk.submit(spender.userId, {
    op: "authorize",
    hold_id: holdId,
    key_id: spender.keyId,
    secret_hash: spender.secretHash,
    endpoint: request.endpoint,
    model: request.model,
    input_tokens: request.inputTokens,
    max_output_tokens: request.maxOutputTokens,
    choices: request.choices,
    ttl_ms: HOLD_TTL_MS,
  });
  if (answer.result === "granted" || answer.result === "refused") return answer;
  throw new ApiError("internal", "An authorize was answered with something else.");
}

/** No endpoint or no price: no call. */
function unknownModel(model: string): ApiError {
  const name = JSON.stringify(model);
  return new ApiError("model_not_found", `The model ${name} is not offered here; GET /v1/models lists those that are.`);
}

function callOf(
  { config, callerLeft, requestId }: CallContext,
  request: ModelRequest,
  upstream: Upstream,
  grant: Grant,
  hold: OpenHold,
): Call {
  const startedAt = Date.now();
  let firstByteAt: number | null = null;
  const frame = frameOf({
    answers: request.endpoint !== "embeddings",
    window: grant.price.max_input_tokens,
    inputTokens: request.inputTokens,
    outputTokens: grant.max_output_tokens,
    choices: request.choices,
  });
  const meter = request.meter(frame);
  const presence = presenceOf(
    callerLeft,
    // What is not streamed is nearly always paid for in full; what is whole lacks but its usage.
    () => !request.isStream || upstream.onAbort === "drain" || meter.isFinished(),
  );
  return {
    request,
    upstream,
    grant,
    hold,
    frame,
    meter,
    presence,
    config,
    requestId,
    startedAt,
    onPart() {
      firstByteAt ??= Date.now();
    },
    end(known) {
      presence.over();
      const settlement = settlementOf({
        ...known,
        ending: presence.hasLeft() ? "left" : known.ending,
        inputTokens: request.inputTokens,
        heldOutputTokens: grant.max_output_tokens * request.choices,
        startedAt,
        firstByteAt,
        endedAt: Date.now(),
      });
      if (settlement === null) hold.release(`nothing was delivered (${known.ending})`);
      else hold.settle(settlement);
    },
  };
}

async function dispatched(call: Call, holdId: string): Promise<ModelAnswer> {
  const { request, upstream, grant, config, presence } = call;
  try {
    const response = await dispatch({
      upstream,
      path: request.path,
      body: request.bodyFor(upstream, grant.max_output_tokens),
      idempotencyKey: holdId,
      startMs: request.isStream ? config.startMs : WHOLE_START_MS,
      stop: presence.stop,
      requestId: call.requestId,
    });
    const isStream = /^text\/event-stream\b/i.test(response.headers.get("content-type") ?? "");
    return request.isStream && isStream ? pipe(call, response) : await answerWhole(call, response);
  } catch (error) {
    // Whoever leaves while the upstream works has had it read the prompt; any other failure delivered nothing.
    const ending = presence.stop.aborted && presence.hasLeft() ? "left" : "failed";
    if (ending === "left") call.end({ ending, isWhole: false, told: null, deliveredTokens: 0 });
    call.presence.over();
    call.hold.release(error instanceof ApiError ? error.code : "internal");
    throw error;
  }
}
