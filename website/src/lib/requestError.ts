import { type ErrorCode, ErrorCodeSchema } from "@oa/contract/errors";
import * as z from "zod";

/**
 * Why a call gave no answer of its own: `offline` nothing was reached, `timeout` the deadline passed, `malformed` what
 * came back was not the contract's.
 */
export type TransportCode = "offline" | "timeout" | "malformed";

/** A failed call, with what a person needs to report it. */
export class RequestError extends Error {
  readonly code: ErrorCode | TransportCode;
  /** Finds the call in the server's logs; null when no server answered. */
  readonly requestId: string | null;
  readonly details: Readonly<Record<string, unknown>> | undefined;

  constructor(
    code: ErrorCode | TransportCode,
    message: string,
    requestId: string | null,
    details?: Readonly<Record<string, unknown>>,
  ) {
    super(message);
    this.name = "RequestError";
    this.code = code;
    this.requestId = requestId;
    this.details = details;
  }
}

/** Refusals of the live connection carry the same code and sentence, under `data`. */
const LiveRefusal = z.object({ data: z.object({ code: ErrorCodeSchema, message: z.string() }) });

/** The sentence of any thrown value, for showing. */
export function messageOf(error: unknown): string {
  const refusal = LiveRefusal.safeParse(error);
  if (refusal.success) return refusal.data.data.message;
  return error instanceof Error && error.message !== "" ? error.message : "Something went wrong on this page.";
}

export function requestIdOf(error: unknown): string | null {
  return error instanceof RequestError ? error.requestId : null;
}

/** True when the session is over: the page then asks to sign in again instead of showing an error. */
export function isSignedOut(error: unknown): boolean {
  if (error instanceof RequestError) return error.code === "unauthorized";
  const refusal = LiveRefusal.safeParse(error);
  return refusal.success && refusal.data.data.code === "unauthorized";
}
