import { ApiError } from "@oa/contract";
import type { Upstream } from "../inferenceConfig.ts";
import { vendorError } from "../openaiError.ts";
import { limitedText } from "../outbound/limitedText.ts";
import { keyHider } from "./hiddenKey.ts";

export interface Dispatch {
  upstream: Upstream;
  /** Behind the upstream's address. */
  path: string;
  body: object;
  /** Of ours, so that an upstream which knows such keys answers a repeated call once. */
  idempotencyKey: string;
  /** Until the answer begins, in ms. */
  startMs: number;
  stop: AbortSignal;
  requestId: string;
}

/** What is read of an upstream's error. */
const MAX_ERROR_BYTES = 64 * 1024;
const ERROR_DEADLINE_MS = 10_000;

/**
 * Sends the request: with the upstream's own key and nothing of the caller's headers; redirects are not followed. Gives the
 * answer as soon as it has begun.
 *
 * @throws ApiError `upstream_unreachable` where none begins; what `vendorError` makes of an error.
 */
export async function dispatch(call: Dispatch): Promise<Response> {
  const { upstream, stop, requestId } = call;
  const silence = new AbortController();
  const timer = setTimeout(() => silence.abort(), call.startMs);
  let response: Response;
  try {
    response = await fetch(`${upstream.endpoint}${call.path}`, {
      method: "POST",
      headers: {
        authorization: `Bearer ${upstream.apiKey}`,
        "content-type": "application/json",
        accept: "application/json, text/event-stream",
        "user-agent": "managed-openclaw",
        "idempotency-key": call.idempotencyKey,
      },
      body: JSON.stringify(call.body),
      redirect: "manual",
      signal: AbortSignal.any([stop, silence.signal]),
    });
  } catch {
    throw upstreamSilent();
  } finally {
    clearTimeout(timer);
  }
  if (response.ok && response.body !== null) return response;
  const error = await readError(response, keyHider(upstream));
  console.error(
    JSON.stringify({
      level: response.status === 429 || error.status === 502 ? "error" : "info",
      event: "upstream_refused",
      request_id: requestId,
      status: response.status,
    }),
  );
  throw error;
}

/** The upstream is away, silent, or was cut off before it delivered anything. */
export function upstreamSilent(): ApiError {
  return new ApiError("upstream_unreachable", "The model's vendor did not answer. Nothing was charged; try again.");
}

async function readError(response: Response, hideKey: (text: string) => string): Promise<ApiError> {
  const text = await limitedText(response.body, MAX_ERROR_BYTES, AbortSignal.timeout(ERROR_DEADLINE_MS)).catch(
    () => null,
  );
  return vendorError(response.status, jsonOf(hideKey(text ?? "")), response.headers.get("retry-after"));
}

/** JSON as a value; undefined for what is none. */
export function jsonOf(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    return value;
  } catch {
    return undefined;
  }
}
