import { AUTH_EVENT_TYPES } from "@oa/contract/accountsApi";
import { describe, expect, it } from "vitest";
import { authEventView, whereFrom } from "./authEventView.ts";

describe("what happened to an account, in words", () => {
  it("has different words for each thing that can happen", () => {
    const titles = AUTH_EVENT_TYPES.map((type) => authEventView(type).title);
    expect(new Set(titles).size).toBe(AUTH_EVENT_TYPES.length);
  });

  it("asks for a second look at what an intruder would do", () => {
    const alerts = AUTH_EVENT_TYPES.filter((type) => authEventView(type).tone === "alert");
    expect(alerts).toEqual(
      expect.arrayContaining(["sign_in_failed", "password_changed", "identity_linked", "refresh_token_reused"]),
    );
    expect(alerts).not.toContain("sign_in");
  });

  it("says where it came from, as far as that is known", () => {
    expect(whereFrom({ device: "Firefox on macOS", place: "Lisbon, PT", ip: "203.0.113.9" })).toBe(
      "Firefox on macOS · Lisbon, PT · 203.0.113.9",
    );
    expect(whereFrom({ device: "openclaw-token", place: null, ip: null })).toBe("openclaw-token");
  });
});
