import { describe, expect, it } from "vitest";
import { envelopeOf, errorBody, okBody } from "./envelope.ts";
import { ApiError, ERROR_CODES, ERROR_STATUS } from "./errors.ts";
import * as z from "zod";

describe("envelope", () => {
  it("carries every code there and back, each with a 4xx or 5xx status", () => {
    const schema = envelopeOf(z.object({}));
    for (const code of ERROR_CODES) {
      expect(ERROR_STATUS[code]).toBeGreaterThanOrEqual(400);
      const parsed = schema.parse(errorBody(new ApiError(code, "what to change")));
      expect(parsed).toEqual({ ok: false, error: { code, message: "what to change" } });
    }
  });

  it("refuses a code that is on no list, so that a typing error cannot become an API", () => {
    expect(envelopeOf(z.object({})).safeParse({ ok: false, error: { code: "oops", message: "" } }).success).toBe(false);
  });

  it("refuses an ok without its data", () => {
    expect(envelopeOf(z.object({ n: z.number() })).safeParse(okBody({})).success).toBe(false);
  });
});
