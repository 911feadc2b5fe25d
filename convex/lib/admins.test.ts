import { describe, expect, it } from "vitest";
import { isAdmin } from "./admins.ts";

describe("an administrator", () => {
  it("is named in the variable and has verified the address", () => {
    const names = " Root@Example.com, ,ops@example.com";
    expect(isAdmin({ email: "root@example.com", email_verified_at: 1 }, names)).toBe(true);
    expect(isAdmin({ email: "ops@example.com", email_verified_at: 1 }, names)).toBe(true);
    expect(isAdmin({ email: "root@example.com" }, names)).toBe(false);
    expect(isAdmin({ email: "toor@example.com", email_verified_at: 1 }, names)).toBe(false);
  });

  it.each([undefined, "", " , "])("is nobody where the variable is %j", (variable) => {
    expect(isAdmin({ email: "", email_verified_at: 1 }, variable)).toBe(false);
  });
});
