import { describe, expect, it } from "vitest";
import { readOrders } from "./orders.ts";
import { countTokens, cutToTokens, fillToTokens, splitInto } from "./tokens.ts";

describe("orders in a message", () => {
  it("are found alone and in the midst of other text, which stays as the message", () => {
    const orders = { chunks: 3, cut_at: 1 };
    expect(readOrders(JSON.stringify({ double: orders }))).toEqual({ orders, text: "" });
    expect(readOrders(`[12:00] Hello ${JSON.stringify({ double: orders })} there`)).toEqual({
      orders,
      text: "[12:00] Hello   there",
    });
    expect(readOrders('{\n  "double" : {"status": 500}\n}')).toEqual({ orders: { status: 500 }, text: "" });
  });

  it("are none in a plain message, even one with other JSON in it", () => {
    expect(readOrders('Explain {"single": {"status": 500}}')).toMatchObject({ orders: {} });
  });

  it.each([
    '{"double": {"chunk": 3}}',
    '{"double": {"chunks": 0}}',
    '{"double": {"status": 200}}',
    '{"double": {"cut_at": 1, "hang_at": 1}}',
    '{"double": {"chunks": 3}',
    '{"double": {chunks: 3}}',
  ])("with a mistake are refused, not ignored: %s", (message) => {
    expect(readOrders(message)).toMatchObject({ status: 400, code: "double_orders" });
  });
});

describe("tokens", () => {
  it("are four bytes of UTF-8, the last one begun", () => {
    expect([countTokens(""), countTokens("a"), countTokens("abcd"), countTokens("abcde"), countTokens("日本")]).toEqual(
      [0, 1, 1, 2, 2],
    );
  });

  it("never cut a character in two", () => {
    expect(cutToTokens("日本語", 1)).toBe("日");
    expect(cutToTokens("a😀b", 1)).toBe("a");
    expect(cutToTokens("abc", 1)).toBe("abc");
    expect(cutToTokens("abcdef", 0)).toBe("");
  });

  it("of a filled text are exactly as many as asked for", () => {
    for (const text of ["Hello", "日本語", "😀"]) {
      for (const tokens of [0, 1, 2, 7, 1000]) expect(countTokens(fillToTokens(text, tokens))).toBe(tokens);
    }
  });

  it("stay the same whatever the text is split into", () => {
    for (const count of [1, 2, 5, 40]) {
      const pieces = splitInto("Schöne 😀 Grüße", count);
      expect(pieces).toHaveLength(count);
      expect(pieces.join("")).toBe("Schöne 😀 Grüße");
    }
  });
});
