import { ApiError, CONTROL_KEY_HEADER, REQUEST_ID_HEADER, USER_ID_HEADER } from "@oa/contract";
import type { ErrorCode } from "@oa/contract";
import * as z from "zod";
import type { Answer } from "../outbound/callJson.ts";
import { callJson } from "../outbound/callJson.ts";
import { readEnvelope } from "../outbound/readEnvelope.ts";

export interface ControlCall<S extends z.ZodType> {
  method: "GET" | "POST" | "DELETE";
  path: string;
  /** Schema of the envelope's `data`. */
  answer: S;
  userId?: string;
  query?: Record<string, string>;
  body?: unknown;
  /** True where asking twice does no harm: such a call is asked once more when the first brings nothing. */
  repeatable?: boolean;
}

/** Where Convex is, what opens it, and on whose request. */
interface ControlPlace {
  siteUrl: string;
  key: string;
  requestId: string;
}

export interface ControlCallLimits {
  /** Milliseconds for each call; 10 s where nothing is said. */
  deadlineMs?: number;
  /** Ends whatever is under way. */
  signal?: AbortSignal;
}

export type ControlTransport = <S extends z.ZodType>(call: ControlCall<S>) => Promise<z.output<S>>;

const CONTROL_DEADLINE_MS = 10_000;

/** Codes that mean the same to our caller as they do to us. All others are between Convex and this Worker. */
const PASSED_ON: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  "invalid_request",
  "not_found",
  "no_instance",
  "conflict",
  "invalid_transition",
  "stale_generation",
  "taken",
  "expired",
  "unprocessable",
  "rate_limited",
  "insufficient_credits",
  "not_configured",
  "secret_corrupt",
]);

/**
 * Calls Convex's `/control/*`. Raises the codes above with the sentence of Convex's own rules, and
 * `control_unreachable` for everything that is not an answer in the envelope.
 */
export function controlTransport(place: ControlPlace, limits: ControlCallLimits): ControlTransport {
  const { deadlineMs = CONTROL_DEADLINE_MS, signal } = limits;
  return async (call) => {
    const query = call.query === undefined ? "" : `?${new URLSearchParams(call.query).toString()}`;
    const ask = () =>
      callJson({
        url: `${place.siteUrl}${call.path}${query}`,
        method: call.method,
        headers: {
          [CONTROL_KEY_HEADER]: place.key,
          [REQUEST_ID_HEADER]: place.requestId,
          ...(call.userId !== undefined && { [USER_ID_HEADER]: call.userId }),
        },
        ...(call.body !== undefined && { body: call.body }),
        deadlineMs,
        signal,
      });
    const repeatable = call.repeatable ?? call.method === "GET";
    const first = await ask();
    return read(repeatable && isAway(first) ? await ask() : first, call.answer);
  };
}

/** True where asking again may help: the connection broke, or a proxy says that nobody is there. */
function isAway(answer: Answer): boolean {
  if (answer.kind === "silent") return answer.why === "network" || answer.why === "not_json";
  return answer.status === 502 || answer.status === 503 || answer.status === 504;
}

function read<S extends z.ZodType>(answer: Answer, data: S): z.output<S> {
  if (answer.kind === "silent") throw controlUnreachable();
  const envelope = readEnvelope(answer.body, data);
  if (envelope === null) throw controlUnreachable();
  if (envelope.ok) return envelope.data;
  const { code, message } = envelope.error;
  if (PASSED_ON.has(code)) throw new ApiError(code, message);
  console.error(JSON.stringify({ level: "error", event: "control_refused", code, status: answer.status }));
  if (code === "unauthorized")
    throw new ApiError("control_unreachable", "The control plane refuses this Worker's key (OA_CONTROL_KEY).");
  throw controlUnreachable();
}

/** Whether what was asked was done is not known. */
export function controlUnreachable(): ApiError {
  return new ApiError("control_unreachable", "The control plane does not answer right now. Try again in a moment.");
}
