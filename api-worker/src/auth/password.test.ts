import { scryptSync } from "node:crypto";
import { describe, expect, it } from "vitest";
import { hashPassword, needsRehash, verifyPassword } from "./password.ts";

describe("a stored password", () => {
  it("fits the password it was made from, and no other", () => {
    const stored = hashPassword("correct horse battery");
    expect(stored).toMatch(/^scrypt\$14\$8\$5\$[A-Za-z0-9_-]{22}\$[A-Za-z0-9_-]{43}$/);
    expect(verifyPassword("correct horse battery", stored)).toBe(true);
    expect(verifyPassword("correct horse batterx", stored)).toBe(false);
    expect(needsRehash(stored)).toBe(false);
    expect(hashPassword("correct horse battery")).not.toBe(stored);
  });

  it("of weaker parameters still fits, and asks to be made anew", () => {
    const salt = Buffer.from("0123456789abcdef");
    const hash = scryptSync("old password", salt, 32, { N: 2 ** 12, r: 8, p: 1 });
    const stored = `scrypt$12$8$1$${salt.toString("base64url")}$${hash.toString("base64url")}`;
    expect(verifyPassword("old password", stored)).toBe(true);
    expect(needsRehash(stored)).toBe(true);
  });

  it.each([null, "", "plain text", "scrypt$14$8$5$x", "scrypt$24$8$5$c2FsdA$aGFzaA", "bcrypt$14$8$5$c2FsdA$aGFzaA"])(
    "that is none (%s) fits nothing",
    (stored) => {
      expect(verifyPassword("", stored)).toBe(false);
      expect(verifyPassword("correct horse battery", stored)).toBe(false);
    },
  );
});
