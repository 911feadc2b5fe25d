import { expect, it } from "vitest";
import { exact } from "./exact.ts";

it("a value parsed from JSON passes as it is", () => {
  const value = { a: 1, list: [{ b: null }], text: "x" };
  expect(exact(value)).toBe(value);
});

it("a field that is undefined is refused, however deep", () => {
  expect(() => exact({ list: [{ b: undefined }] })).toThrow(TypeError);
});
