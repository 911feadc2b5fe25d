import { ApiError } from "@oa/contract";
import { describe, expect, it } from "vitest";
import { openaiErrorBody, shouldRetry, vendorError, withoutKeys } from "./openaiError.ts";

describe("an error in OpenAI's form", () => {
  it("names the first field that does not fit", () => {
    const issues = [
      { path: "max_tokens", message: "x" },
      { path: "n", message: "y" },
    ];
    expect(openaiErrorBody(new ApiError("invalid_request", "does not fit", { issues })).error).toEqual({
      message: "does not fit",
      type: "invalid_request_error",
      param: "max_tokens",
      code: "INVALID_INPUT",
    });
  });

  it("says nothing of its details but what is for the caller", () => {
    const error = new ApiError("not_configured", "no endpoint", { variables: [{ variable: "X", message: "secret" }] });
    expect(JSON.stringify(openaiErrorBody(error))).not.toContain("secret");
  });

  it("tells clients not to try again what would fail again", () => {
    const codes = ["unauthorized", "key_expired", "insufficient_credits", "credit_limit_exceeded"] as const;
    for (const code of codes) expect(shouldRetry(new ApiError(code, ""))).toBe(false);
    for (const code of ["rate_limited", "upstream_unreachable", "control_unreachable"] as const)
      expect(shouldRetry(new ApiError(code, ""))).toBeNull();
  });
});

describe("a vendor's refusal", () => {
  it("of what was asked keeps its code, type and field: clients act on them", () => {
    const body = {
      error: { message: "too long", type: "invalid_request_error", param: "messages", code: "context_length_exceeded" },
    };
    expect(openaiErrorBody(vendorError(400, body, null)).error).toEqual({
      message: "too long",
      type: "invalid_request_error",
      param: "messages",
      code: "context_length_exceeded",
    });
  });

  it("with a message and nothing else is told in that", () => {
    for (const body of [{ error: { message: "too long" } }, { message: "too long", object: "error" }])
      expect(vendorError(400, body, null)).toMatchObject({ code: "invalid_request", message: "too long" });
  });

  it("in another form than OpenAI's is still a refusal", () => {
    for (const body of [undefined, "x", [], { error: "no" }, { detail: "no" }])
      expect(vendorError(400, body, null)).toMatchObject({ code: "invalid_request", status: 400 });
  });

  it("that says to wait is waited for, within reason", () => {
    const waits = ["3", "0.5", null, "Wed, 21 Oct 2026 07:28:00 GMT", "-1", "999999"];
    expect(waits.map((wait) => vendorError(429, {}, wait).details?.["retry_after_ms"])).toEqual([
      3000, 500, 5000, 5000, 5000, 5000,
    ]);
  });

  it.each([
    [429, { message: "You exceeded your current quota, please check your plan and billing details.", type: "x" }],
    [429, { message: "No.", code: "insufficient_quota" }],
    [400, { message: "Your credit balance is too low to access the API. Go to Plans & Billing." }],
    [400, { message: "Insufficient Balance" }],
  ])("of the installation's own account (%i %o) is not told as if the caller had no credits", (status, error) => {
    const refusal = vendorError(status, { error }, null);
    expect(refusal).toMatchObject({ code: "upstream_error", status: 502 });
    expect(JSON.stringify(openaiErrorBody(refusal))).not.toMatch(/quota|balance|billing/i);
  });

  it("that only names a tool about bills is the caller's to read", () => {
    const error = { message: "Invalid schema for function 'check_your_billing'" };
    expect(vendorError(400, { error }, null)).toMatchObject({ code: "invalid_request", message: error.message });
  });

  it.each([
    "Incorrect API key provided: sk-proj-abc123def456.",
    "key sk-a***********WXYZ is wrong",
    "Bearer abcdefghijklmnop was refused",
    "org-1234567890abcdef has no quota",
    "AIzaSyA1234567890abcdefg is wrong",
  ])("with a key in it (%s) has it taken out", (message) => {
    expect(withoutKeys(message)).toContain("[…]");
    expect(withoutKeys(message)).not.toMatch(/abc123|WXYZ|abcdef|1234567890/);
  });
});
