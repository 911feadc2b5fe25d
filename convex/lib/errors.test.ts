import { ConvexError } from "convex/values";
import { describe, expect, it } from "vitest";
import { apiError, errorBodyOf, statusOf } from "./errors.ts";

describe("errors that know their code", () => {
  it("keep code, sentence and details", () => {
    const body = errorBodyOf(apiError("taken", "There is one already.", { field: "email" }));
    expect(body).toEqual({ code: "taken", message: "There is one already.", details: { field: "email" } });
    expect(body === null ? 0 : statusOf(body)).toBe(409);
  });

  it.each([
    ["a plain error", new Error("secret sauce")],
    ["a ConvexError that is not ours", new ConvexError("oops")],
    ["a code we do not have", new ConvexError({ code: "made_up", message: "x" })],
    ["no error at all", undefined],
  ])("%s has no code, so its words are not passed on", (_name, thrown) => {
    expect(errorBodyOf(thrown)).toBeNull();
  });
});
