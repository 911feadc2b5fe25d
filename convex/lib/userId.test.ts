import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { errorBodyOf } from "./errors.ts";
import { extractUserId } from "./userId.ts";

function extract(header: string | null, query: string, body: unknown): string {
  try {
    return extractUserId({ header, query: new URLSearchParams(query), body });
  } catch (error) {
    return errorBodyOf(error)?.code ?? "thrown";
  }
}

describe("whose request it is (R8)", () => {
  it.each([
    ["the header", "u1", "", undefined, "u1"],
    ["the query", null, "user_id=u1", undefined, "u1"],
    ["the query's other spelling", null, "userId=u1", undefined, "u1"],
    ["the body", null, "", { user_id: "u1" }, "u1"],
    ["the body's other spelling", null, "", { userId: "u1" }, "u1"],
    ["all of them, agreeing", "u1", "user_id=u1&userId=u1", { user_id: "u1", userId: "u1" }, "u1"],
    ["nowhere", null, "", undefined, "invalid_request"],
    ["a header against the query", "u1", "user_id=u2", undefined, "user_mismatch"],
    ["a header against the body", "u1", "", { user_id: "u2" }, "user_mismatch"],
    ["the query twice", null, "user_id=u1&user_id=u2", undefined, "user_mismatch"],
    ["two spellings in the body", null, "", { user_id: "u1", userId: "u2" }, "user_mismatch"],
    ["a number in the body against the header", "1", "", { user_id: 1 }, "user_mismatch"],
    ["a number in the body", null, "", { user_id: 1 }, "invalid_request"],
    ["null in the body", null, "", { user_id: null }, "invalid_request"],
    ["an empty header, which is no reason to look further", "", "user_id=u1", undefined, "user_mismatch"],
    ["a path in the header", "../u1", "", undefined, "invalid_request"],
    ["a shell in the header", "u1;rm -rf", "", undefined, "invalid_request"],
    ["129 letters", "u".repeat(129), "", undefined, "invalid_request"],
    ["a body that is a list", null, "", ["u1"], "invalid_request"],
  ])("%s", (_name, header, query, body, expected) => {
    expect(extract(header, query, body)).toBe(expected);
  });

  it("whatever is given, a user comes out only where all sources name that one", () => {
    const id = fc.constantFrom("alice", "bob", "", "a b");
    const source = fc.record({
      header: fc.option(id),
      query: fc.array(fc.tuple(fc.constantFrom("user_id", "userId", "other"), id), { maxLength: 3 }),
      body: fc.option(fc.dictionary(fc.constantFrom("user_id", "userId", "other"), fc.oneof(id, fc.integer()))),
    });
    fc.assert(
      fc.property(source, ({ header, query, body }) => {
        const named = [
          ...(header === null ? [] : [header]),
          ...query.filter(([name]) => name !== "other").map(([, value]) => value),
          ...Object.entries(body ?? {}).flatMap(([name, value]) => (name === "other" ? [] : [value])),
        ];
        const got = extract(header, new URLSearchParams(query).toString(), body ?? undefined);
        const [first] = named;
        const agreed = named.every((value) => value === first);
        const expected = !agreed ? "user_mismatch" : first === "alice" || first === "bob" ? first : "invalid_request";
        expect(got).toBe(expected);
      }),
    );
  });
});
