/** Ids, order of values, sizes and validators: the pure ground everything else stands on. */
import { compareValues, convexToJson, getConvexSize, v, type Value } from "convex/values";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decodeId, newId } from "../../src/engine/values/ids.ts";
import { parseJson, resolveCommitTs } from "../../src/engine/values/json.ts";
import { compareJson, compareKeys, encodeTuple, prefixEnd, successor } from "../../src/engine/values/keys.ts";
import { measure } from "../../src/engine/values/limits.ts";
import { mismatch, validatorOf } from "../../src/engine/values/validator.ts";

/** A value of any type Convex has; NaN only as JavaScript makes it. */
const value: fc.Arbitrary<Value> = fc.letrec<{ value: Value }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    fc.constant(null),
    fc.boolean(),
    fc.double(),
    fc.constantFrom(0, -0, NaN, Infinity, -Infinity, 1, -1, 2 ** 53),
    fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
    fc.string({ unit: "grapheme" }),
    fc.constantFrom("", "\0", "a", "a\0", "a\0b", "ab", "é", "\u{1f600}", "\uffff"),
    fc.uint8Array({ maxLength: 8 }).map((bytes) => bytes.slice().buffer),
    fc.array(tie("value"), { maxLength: 4 }),
    fc.dictionary(fc.stringMatching(/^[a-zA-Z_ ]{0,3}$/), tie("value"), { maxKeys: 3 }),
  ),
})).value;

describe("ids", () => {
  test("an id Convex made decodes: table 10001, made on 2025-11-13", () => {
    const id = decodeId("j57cbywe1te7fvzf26g0x3ftsd7vagd2");
    expect(id?.tableNumber).toBe(10_001);
    const [high = 0, low = 0] = id?.internal.slice(-2) ?? [];
    expect(new Date((high * 256 + low) * 86_400_000).toISOString()).toBe("2025-11-13T00:00:00.000Z");
  });

  test("every table number and random part comes back, in 31 to 37 characters", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 2 ** 32 - 1 }),
        fc.uint8Array({ minLength: 14, maxLength: 14 }),
        (table, random) => {
          const id = newId(table, 1_700_000_000_000, random);
          expect(id).toMatch(/^[0-9a-hjkmnp-tv-z]{31,37}$/);
          expect(decodeId(id)).toMatchObject({ tableNumber: table });
          expect([...(decodeId(id)?.internal.slice(0, 14) ?? [])]).toEqual([...random]);
        },
      ),
    );
  });

  test("one wrong character, a missing one or another alphabet is no id", () => {
    const id = newId(10_001, Date.now());
    for (let at = 0; at < id.length; at++) {
      const other = id.charAt(at) === "0" ? "1" : "0";
      expect(decodeId(id.slice(0, at) + other + id.slice(at + 1))).toBeNull();
    }
    for (const wrong of [id.slice(1), `${id}0`, id.toUpperCase(), "", "nonsense", "é".repeat(32)])
      expect(decodeId(wrong)).toBeNull();
  });
});

describe("order of values", () => {
  test("keys sort as compareValues of convex/values does", () => {
    fc.assert(
      fc.property(value, value, (a, b) => {
        const expected = Math.sign(compareValues(a, b));
        expect(Math.sign(compareKeys(encodeTuple([convexToJson(a)]), encodeTuple([convexToJson(b)])))).toBe(expected);
        expect(Math.sign(compareJson(convexToJson(a), convexToJson(b)))).toBe(expected);
      }),
      { numRuns: 3000 },
    );
  });

  test("tuples of strings with zero bytes and common beginnings sort as their strings do", () => {
    const nasty = fc
      .array(fc.constantFrom("\0", "\u0001", "a", "\u00ff", "\uffff"), { maxLength: 3 })
      .map((parts) => parts.join(""));
    fc.assert(
      fc.property(fc.tuple(nasty, nasty), fc.tuple(nasty, nasty), (a, b) => {
        const expected = Math.sign(compareValues(a[0], b[0])) || Math.sign(compareValues(a[1], b[1]));
        expect(Math.sign(compareKeys(encodeTuple(a), encodeTuple(b)))).toBe(expected);
        expect(Math.sign(compareJson(a, b))).toBe(Math.sign(compareValues(a, b)));
      }),
      { numRuns: 2000 },
    );
  });

  test("tuples sort by their first difference; a missing field comes first", () => {
    fc.assert(
      fc.property(
        fc.array(fc.option(value, { nil: undefined }), { minLength: 2, maxLength: 2 }),
        fc.array(fc.option(value, { nil: undefined }), { minLength: 2, maxLength: 2 }),
        (a, b) => {
          const expected = Math.sign(compareValues(a[0], b[0])) || Math.sign(compareValues(a[1], b[1]));
          const json = (item: Value | undefined) => (item === undefined ? undefined : convexToJson(item));
          expect(Math.sign(compareKeys(encodeTuple(a.map(json)), encodeTuple(b.map(json))))).toBe(expected);
        },
      ),
      { numRuns: 1000 },
    );
  });

  test("everything that starts with a prefix lies between it and its end, and nothing else does", () => {
    fc.assert(
      fc.property(value, value, value, (prefix, other, rest) => {
        const lower = encodeTuple([convexToJson(prefix)]);
        const key = encodeTuple([convexToJson(other), convexToJson(rest)]);
        const inside = compareKeys(lower, key) <= 0 && compareKeys(key, prefixEnd(lower)) < 0;
        expect(inside).toBe(compareValues(prefix, other) === 0);
        expect(compareKeys(key, successor(key))).toBeLessThan(0);
      }),
      { numRuns: 1000 },
    );
  });

  test("a pending commit timestamp sorts after every int64 that was committed", () => {
    expect(compareJson({ $commitTs: null }, convexToJson(2n ** 62n))).toBeGreaterThan(0);
    expect(resolveCommitTs('{"at":{"$commitTs":null},"list":[{"$commitTs":null},1]}', 5n)).toBe(
      JSON.stringify({ at: convexToJson(5n), list: [convexToJson(5n), 1] }),
    );
  });
});

describe("sizes and shapes", () => {
  test("a value's size is the one convex/values computes", () => {
    fc.assert(
      fc.property(value, (one) => {
        expect(measure(convexToJson(one), "Value")).toBe(getConvexSize(one));
      }),
      { numRuns: 1000 },
    );
  });

  test.each([
    ["a reserved field name", { $odd: 1 }, /\$/],
    ["a control character in a field name", { "a\nb": 1 }, /non-control ASCII/],
    ["undefined", { a: { $undefined: null } }, /undefined/],
    ["an array that is too long", Array.from({ length: 8193 }, () => 0), /8193 > maximum length 8192/],
    [
      "an object with too many fields",
      Object.fromEntries(Array.from({ length: 1025 }, (_, i) => [`f${i}`, 0])),
      /1025 fields > maximum number 1024/,
    ],
  ])("%s is refused with a sentence", (_name, bad, sentence) => {
    expect(() => measure(bad, "Value")).toThrow(sentence);
  });
});

describe("validators", () => {
  const users = newId(10_001, Date.now());
  const posts = newId(10_002, Date.now());
  const tables = (number: number) => ({ 10001: "users", 10002: "posts" })[number] ?? null;
  const problem = (validator: object, given: Value) => {
    const json: unknown = Reflect.get(validator, "json");
    return mismatch(validatorOf(parseJson(JSON.stringify(json))), convexToJson(given), tables);
  };

  test.each([
    [v.string(), "x"],
    [v.number(), 1.5],
    [v.number(), NaN],
    [v.int64(), 1n],
    [v.bytes(), new ArrayBuffer(2)],
    [v.null(), null],
    [v.any(), { anything: [1] }],
    [v.id("users"), users],
    [v.array(v.boolean()), [true, false]],
    [v.record(v.string(), v.number()), { a: 1 }],
    [v.union(v.literal("a"), v.literal(3)), 3],
    [v.object({ a: v.optional(v.string()), b: v.object({ c: v.null() }) }), { b: { c: null } }],
  ])("%j accepts its values", (validator, given) => {
    expect(problem(validator, given)).toBeNull();
  });

  test("errors say what was expected, what came and where, as Convex does", () => {
    const note = v.object({ author: v.string(), tags: v.array(v.string()), n: v.optional(v.number()) });
    expect(problem(note, { tags: [] })).toBe(
      "Object is missing the required field `author`. Consider wrapping the field validator in `v.optional(...)` if this is expected.\n\n" +
        "Object: {tags: []}\nValidator: v.object({author: v.string(), tags: v.array(v.string()), n: v.optional(v.float64())})",
    );
    expect(problem(v.object({ author: v.string() }), { author: "a", body: 1 })).toBe(
      'Object contains extra field `body` that is not in the validator.\n\nObject: {author: "a", body: 1.0}\nValidator: v.object({author: v.string()})',
    );
    expect(problem(note, { author: "a", tags: ["x", 2] })).toBe(
      "Value does not match validator.\nPath: .tags[1]\nValue: 2.0\nValidator: v.string()",
    );
    expect(problem(v.id("users"), posts)).toContain(`Found ID "${posts}" from table \`posts\``);
    expect(problem(v.id("users"), "nonsense")).toContain('Validator: v.id("users")');
    expect(problem(v.union(v.null(), v.literal(1n)), 2n)).toBe(
      "Value does not match validator.\nValue: 2\nValidator: v.union(v.null(), v.literal(1))",
    );
  });

  test("an unknown kind of validator is refused, not ignored", () => {
    expect(() => validatorOf({ type: "telepathy" })).toThrow("unknown validator");
  });
});
