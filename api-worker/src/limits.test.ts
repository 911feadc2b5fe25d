import { ApiError } from "@oa/contract";
import { describe, expect, it } from "vitest";
import { perEmail, perIp, retryAfterOf, tooMany } from "./limits.ts";

const keyOf = (ip: string | null) => perIp("sign_in_ip", ip)[0]?.key;

describe("what attempts are counted by", () => {
  it.each([
    ["203.0.113.9", "203.0.113.9"],
    ["2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"],
    ["2001:DB8:1:2::9", "2001:db8:1:2::/64"],
    ["2001:db8::1", "2001:db8:0:0::/64"],
    ["fe80::1", "fe80:0:0:0::/64"],
    ["2001:0db8:0001:0002::9", "2001:db8:1:2::/64"],
    ["::ffff:203.0.113.9", "203.0.113.9"],
    ["::FFFF:203.0.113.10", "203.0.113.10"],
  ])("the address %s is %s", (ip, key) => {
    expect(keyOf(ip)).toBe(key);
  });

  it.each([null, "127.0.0.1", "::1", "::ffff:127.0.0.1"])("nobody's address or this machine's (%s) is none", (ip) => {
    expect(perIp("sign_in_ip", ip)).toEqual([]);
  });

  it("an e-mail leaves here as its hash", () => {
    expect(perEmail("sign_in_email", "ada@example.com")[0]?.key).toMatch(/^[0-9a-f]{64}$/);
  });
});

it("says in whole seconds when to come back", () => {
  expect(retryAfterOf(tooMany(1))).toBe(1);
  expect(retryAfterOf(tooMany(1001))).toBe(2);
  expect(tooMany(600_000).message).toContain("10 minutes");
  expect(retryAfterOf(new ApiError("not_found", "x"))).toBeNull();
});
