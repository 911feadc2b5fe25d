import { expect, it } from "vitest";
import { nameFor } from "./names.ts";

it("names a thing by its instance, whole while it fits", () => {
  expect(nameFor("oc", "abcdefgh12345678")).toBe("oc-abcdefgh12345678");
  expect(nameFor("oc-", "abcdefgh12345678")).toBe("oc-abcdefgh12345678");
});

it("stays within a bucket's 63 characters without two ids meeting in one name", () => {
  const ids = Array.from({ length: 500 }, (_, index) => `${"x".repeat(58)}${index.toString().padStart(6, "0")}`);
  const names = ids.map((id) => nameFor("a-prefix-of-twenty-c", id));
  expect(new Set(names).size).toBe(500);
  for (const name of names) expect(name).toMatch(/^[a-z0-9][a-z0-9-]{1,62}$/);
});
