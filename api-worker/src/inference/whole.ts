import { ApiError } from "@oa/contract";
import { vendorError } from "../openaiError.ts";
import { limitedText } from "../outbound/limitedText.ts";
import { moneyHeaders, moneyOf } from "./answer.ts";
import type { Call, ModelAnswer } from "./call.ts";
import { jsonOf, upstreamSilent } from "./dispatch.ts";
import { fieldOf } from "./fields.ts";
import { keyHider } from "./hiddenKey.ts";
import { estimatedUsage, textBytes, tokensOfBytes } from "./meter.ts";
import { usageOf } from "./usage.ts";

/** Largest answer that is not streamed, in bytes. */
const MAX_WHOLE_BYTES = 16 * 1024 * 1024;

/**
 * An answer in one body, as the upstream wrote it. Its cost is known before it leaves, and stands in the headers.
 *
 * @throws ApiError `upstream_unreachable` where it breaks off; `upstream_error` where it is too large or no JSON.
 */
export async function answerWhole(call: Call, response: Response): Promise<ModelAnswer> {
  const { request, grant, presence } = call;
  let text: string | null;
  try {
    text = await limitedText(response.body, MAX_WHOLE_BYTES, presence.stop);
  } catch {
    throw upstreamSilent();
  }
  call.onPart();
  if (text === null) {
    // Paid for at the vendor, and more than anyone can be handed: as much as was held for.
    const deliveredTokens = tokensOfBytes(MAX_WHOLE_BYTES);
    call.end({ ending: "failed", isWhole: false, told: null, deliveredTokens });
    throw new ApiError("upstream_error", "The model's answer is larger than can be passed on without a stream.");
  }
  const body = jsonOf(text);
  if (typeof body !== "object" || body === null) {
    throw new ApiError("upstream_error", "The model's vendor answered in an unknown form. Nothing was charged.");
  }
  const told = usageOf(fieldOf(body, "usage"), call.frame);
  const error = fieldOf(body, "error");
  // Some vendors say with status 200 that they failed.
  if (told === null && error !== undefined && error !== null) throw vendorError(500, body, null);
  const said = textBytes(fieldOf(body, "choices")) + textBytes(fieldOf(body, "output"));
  const deliveredTokens = tokensOfBytes(said);
  call.end({ ending: "whole", isWhole: true, told, deliveredTokens });
  const usage =
    told?.usage ?? estimatedUsage(request.inputTokens, deliveredTokens, grant.max_output_tokens * request.choices);
  return {
    kind: "answered",
    headers: { ...moneyHeaders(grant, moneyOf(grant, usage)), "content-type": "application/json" },
    body: keyHider(call.upstream)(text),
  };
}
