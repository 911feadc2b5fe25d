import * as z from "zod";

/**
 * Every error code of the control, worker, runtime and fleet envelopes. Programs compare the code; the sentence a person
 * reads is written where the error is raised.
 */
export const ERROR_CODES = [
  "invalid_request",
  "user_mismatch",
  "unauthorized",
  "invalid_credentials",
  "forbidden",
  "not_found",
  "no_instance",
  "method_not_allowed",
  "conflict",
  "invalid_transition",
  "stale_generation",
  "runtime_not_ready",
  "taken",
  "expired",
  "payload_too_large",
  "unprocessable",
  "rate_limited",
  "internal",
  "not_configured",
  "runtime_unreachable",
  "runtime_error",
  "fleet_unreachable",
  "control_unreachable",
  "secret_corrupt",
  "gateway_unavailable",
  "backup_corrupt",
  "busy",
  "email_required",
  "provider_unreachable",
  "provider_error",
  "insufficient_credits",
  "credit_limit_exceeded",
  "key_revoked",
  "key_disabled",
  "key_expired",
  "account_frozen",
  "model_not_found",
  "upstream_unreachable",
  "upstream_error",
] as const;

export const ErrorCodeSchema = z.enum(ERROR_CODES);
export type ErrorCode = z.infer<typeof ErrorCodeSchema>;

/** What each code means, and the HTTP status it answers with. */
export const ERROR_STATUS = {
  /** The request does not fit its schema; `details.issues` names each field. */
  invalid_request: 400,
  /** Header, query and body name different users. */
  user_mismatch: 400,
  /** No or wrong key, token or session. */
  unauthorized: 401,
  /** The e-mail or the password is wrong; which one is not said. */
  invalid_credentials: 401,
  /** Known caller, act not allowed (a cross-site POST, privileged headers without the key). */
  forbidden: 403,
  not_found: 404,
  /** Nothing to act on: the user has no instance. */
  no_instance: 404,
  method_not_allowed: 405,
  /** The row is not in a state that allows it. */
  conflict: 409,
  /** The transition table has no such arrow. */
  invalid_transition: 409,
  /** The command was decided on an older incarnation. */
  stale_generation: 409,
  /** The instance has no runtime yet (no url or no service token). */
  runtime_not_ready: 409,
  /** Someone else holds it (an e-mail at sign-up, the one static runtime). */
  taken: 409,
  /** A pairing request that was there and is over. */
  expired: 410,
  payload_too_large: 413,
  /** Well-formed but refused: a password that is too short, for example. */
  unprocessable: 422,
  rate_limited: 429,
  /** Ours to mend; the request id finds it in the logs. */
  internal: 500,
  /** A variable is missing or malformed; `details.variables` names each. */
  not_configured: 503,
  /** The runtime did not answer in time, or not in its own form. Its words are never passed on. */
  runtime_unreachable: 502,
  /** The runtime answered that it could not do it; `details.code` is its code. */
  runtime_error: 502,
  /** The fleet (host or containers) did not answer. */
  fleet_unreachable: 502,
  /** Convex did not answer. */
  control_unreachable: 502,
  /** A stored secret does not decrypt: wrong key, or the row was changed. */
  secret_corrupt: 500,
  /** The gateway is not running, or still starting. */
  gateway_unavailable: 503,
  /** A backup does not verify; nothing was restored. */
  backup_corrupt: 422,
  /** Another long piece of work holds the instance (a restart, a backup, a restore). */
  busy: 409,
  /** A sign-in provider has no verified e-mail of this person. */
  email_required: 400,
  /** GitHub or Google did not answer, or not in its own form. */
  provider_unreachable: 502,
  /** GitHub or Google answered with an error; its words are never passed on. */
  provider_error: 502,
  /** The balance, holds taken off, does not cover what the call could cost. */
  insufficient_credits: 402,
  /** The key's own limit does not. */
  credit_limit_exceeded: 402,
  /** Provisioned keys that are no longer, or not now, in force. */
  key_revoked: 401,
  key_disabled: 401,
  key_expired: 401,
  /** Spending is stopped by an administrator or a dispute. */
  account_frozen: 403,
  /** No price is known for the model, so no call is made. */
  model_not_found: 400,
  /** The model's vendor did not answer in time. */
  upstream_unreachable: 502,
  /** The model's vendor answered with an error of its own. */
  upstream_error: 502,
} as const satisfies Readonly<Record<ErrorCode, number>>;

/** An error that knows its code; servers turn it into the envelope, clients raise it out of one. */
export class ApiError extends Error {
  readonly code: ErrorCode;
  readonly status: number;
  readonly details: Readonly<Record<string, unknown>> | undefined;

  constructor(code: ErrorCode, message: string, details?: Readonly<Record<string, unknown>>) {
    super(message);
    this.name = "ApiError";
    this.code = code;
    this.status = ERROR_STATUS[code];
    this.details = details;
  }
}
