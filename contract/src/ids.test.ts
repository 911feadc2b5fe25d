import { describe, expect, it } from "vitest";
import { InstanceId, PathId, UserId } from "./ids.ts";

describe("ids that travel in paths", () => {
  it.each(["../x", "a/b", "a%2fb", "a;b", "a\nb", "", "a b", "a".repeat(65), "é", "a\0"])(
    "refuses %j as a pairing request or device id",
    (bad) => {
      expect(PathId.safeParse(bad).success).toBe(false);
      expect(InstanceId.safeParse(bad).success).toBe(false);
    },
  );

  it("takes the ids a gateway gives: UUIDs and 64 hexadecimal digits", () => {
    expect(PathId.safeParse("0b0f7a52-6d5e-4c39-9f0e-0f6b6d1f4c11").success).toBe(true);
    expect(PathId.safeParse("a3".repeat(32)).success).toBe(true);
  });

  it.each(["", "../admin", "a/b", " lead", "a b", "x".repeat(129), "a?b", "a#b", "a%20b", "-a"])(
    "refuses %j as a user id",
    (bad) => {
      expect(UserId.safeParse(bad).success).toBe(false);
    },
  );
});
