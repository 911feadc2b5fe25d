import { ApiError, InferenceError, cliCode } from "@oa/contract";
import type { ErrorCode } from "@oa/contract";
import * as z from "zod";

/** What an error says beside its code, where it is raised with it in its `details`. */
const Extras = InferenceError.shape.error
  .pick({
    param: true,
    limit_source: true,
    available_usd: true,
    required_usd: true,
    max_affordable_tokens: true,
    reset_at: true,
    topup_url: true,
  })
  .partial()
  .extend({
    /** The vendor's own, of an error that is passed on. */
    type: z.string().optional(),
    code: z.string().optional(),
  });
export type OpenAiExtras = z.input<typeof Extras>;

/** OpenAI's types. Clients tell by them what is worth another attempt. */
const TYPES: { readonly [Code in ErrorCode]?: string } = {
  unauthorized: "authentication_error",
  key_revoked: "authentication_error",
  key_disabled: "authentication_error",
  key_expired: "authentication_error",
  forbidden: "permission_error",
  account_frozen: "permission_error",
  insufficient_credits: "insufficient_quota",
  // Another type than an empty balance's: some programs stop using an account whose quota is said to be gone.
  credit_limit_exceeded: "credit_limit",
  rate_limited: "rate_limit_error",
  upstream_unreachable: "upstream_error",
  upstream_error: "upstream_error",
};

/** The body of an error in OpenAI's form. */
export function openaiErrorBody(error: ApiError): z.infer<typeof InferenceError> {
  const extras = Extras.safeParse(error.details ?? {});
  const { type, code, param, ...more } = extras.success ? extras.data : {};
  return {
    error: {
      message: error.message,
      type: type ?? TYPES[error.code] ?? (error.status < 500 ? "invalid_request_error" : "server_error"),
      param: param ?? paramOf(error),
      code: code ?? cliCode(error.code),
      ...more,
    },
  };
}

/** False where the same call would fail the same way: the official clients obey `x-should-retry`. Null: their own rules. */
export function shouldRetry(error: ApiError): false | null {
  const isFinal =
    error.status === 401 || error.status === 402 || error.status === 403 || error.code === "not_configured";
  return isFinal || error.details?.["final"] === true ? false : null;
}

/** The first field that does not fit. */
function paramOf({ code, details }: ApiError): string | null {
  if (code === "model_not_found") return "model";
  const issues = z.array(z.object({ path: z.string() })).safeParse(details?.["issues"]);
  const path = issues.success ? issues.data[0]?.path : undefined;
  return path === undefined || path === "" ? null : path;
}

/** Statuses of a vendor that concern the caller's request, and what they are here. All others are the installation's. */
const PASSED_ON: Readonly<Record<number, ErrorCode>> = {
  400: "invalid_request",
  404: "not_found",
  413: "payload_too_large",
  422: "unprocessable",
  429: "rate_limited",
};

/** Many vendors leave some of these out. */
const Said = z.unknown().optional();
const VendorError = z.looseObject({ message: z.string(), type: Said, code: Said, param: Said });
const VendorBody = z.union([z.looseObject({ error: VendorError }).transform(({ error }) => error), VendorError]);
/** A name that may travel on: of a code, a type or a parameter. */
const Name = /^[A-Za-z0-9_.[\]-]{1,100}$/;

/**
 * The installation's account at the vendor has no money left, in the words vendors have for it: nothing the caller could do anything
 * about, and they would take it for their own credits.
 */
function isOurDebt(status: number, error: z.infer<typeof VendorError> | null): boolean {
  if (error === null) return false;
  if (error.type === "insufficient_quota" || error.code === "insufficient_quota") return true;
  return (
    /\bcredit balance is too low\b|\binsufficient (?:balance|credits|funds)\b/i.test(error.message) ||
    (status === 429 && /\bcheck your plan and billing\b/i.test(error.message))
  );
}

/**
 * A vendor's refusal as the caller's error. What is wrong with the request is said in the vendor's words, without anything that
 * looks like a key; what is wrong between this installation and the vendor is logged by the caller of this and said in ours.
 */
export function vendorError(status: number, body: unknown, retryAfter: string | null): ApiError {
  const said = VendorBody.safeParse(body);
  const error = said.success ? said.data : null;
  const code = PASSED_ON[status];
  if (code === undefined || isOurDebt(status, error)) {
    // A quota may be one of a minute; anything else of ours would fail the same way again.
    const details = status < 500 && status !== 429 ? { final: true } : {};
    return new ApiError("upstream_error", "The model's vendor could not answer. Nothing was charged.", details);
  }
  const message = error === null ? `The model's vendor refused the request (${status}).` : withoutKeys(error.message);
  return new ApiError(code, message, {
    ...(isName(error?.type) && { type: error.type }),
    ...(isName(error?.code) && { code: error.code }),
    ...(isName(error?.param) && { param: error.param }),
    ...(status === 429 && { retry_after_ms: waitOf(retryAfter) }),
  });
}

function isName(value: unknown): value is string {
  return typeof value === "string" && Name.test(value);
}

const MAX_WAIT_S = 3600;

/** `Retry-After` in ms; a vendor that says none, or a date, is asked again after a few seconds. */
function waitOf(retryAfter: string | null): number {
  const seconds = Number(retryAfter ?? Number.NaN);
  return Math.ceil(1000 * (seconds > 0 && seconds <= MAX_WAIT_S ? seconds : 5));
}

const MAX_MESSAGE = 1000;

/** A vendor's words, for our callers: vendors repeat the beginning and the end of keys in their errors. */
export function withoutKeys(message: string): string {
  return message
    .replaceAll(/\b(?:sk|pk|rk|xai|gsk|org|proj|double)[-_][\w*.…-]{4,}|\bAIza[\w-]{10,}|\bBearer\s+\S+/gi, "[…]")
    .replaceAll(/[\w-]*\*{3,}[\w-]*/g, "[…]")
    .slice(0, MAX_MESSAGE);
}
