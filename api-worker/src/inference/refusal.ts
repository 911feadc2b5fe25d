import { ApiError, usdOfMicro } from "@oa/contract";
import type { OpenAiExtras } from "../openaiError.ts";
import type { Refusal } from "./call.ts";

/** Where credits are bought, on this site. */
const BILLING_PAGE = "/openclaw/billing";

/** The page where credits are bought. */
export function topUpUrl(site: string): string {
  return `${site}${BILLING_PAGE}`;
}

/**
 * A call that is not let through, as an error. Only an empty balance names the page to top up at: where a key has met its own limit
 * that would be the wrong advice, and programs that read it would give the account up.
 */
export function refusalError(refusal: Refusal, site: string): ApiError {
  const { code, limit_source, available_microusd, required_microusd, affordable_output_tokens, reset_at } = refusal;
  const isBroke = code === "insufficient_credits";
  const extras: OpenAiExtras = {
    ...(limit_source !== null && { limit_source }),
    ...(code !== "model_not_found" && { available_usd: usdOfMicro(available_microusd) }),
    ...(required_microusd !== null && { required_usd: usdOfMicro(required_microusd) }),
    ...(affordable_output_tokens !== null && { max_affordable_tokens: affordable_output_tokens }),
    ...(reset_at !== null && { reset_at: new Date(reset_at).toISOString() }),
    ...(isBroke && { topup_url: topUpUrl(site) }),
  };
  const message = isBroke ? `${sentence(refusal.message)} Top up at ${topUpUrl(site)}` : refusal.message;
  const wait = refusal.retry_after_ms === null ? {} : { retry_after_ms: refusal.retry_after_ms };
  return new ApiError(code, message, { ...extras, ...wait });
}

function sentence(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`;
}
