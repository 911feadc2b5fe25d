import { WebCredentials } from "@oa/contract/worker";
import { describe, expect, it } from "vitest";
import { fieldErrors, validateWith } from "./fieldErrors.ts";
import { RequestError } from "./requestError.ts";

describe("what a refused form says at its fields", () => {
  it("puts each issue at its field, the first of several", () => {
    const issues = [
      { path: "password", message: "use at least 10 characters" },
      { path: "password", message: "another" },
      { path: "email", message: "that is not an e-mail address" },
    ];
    expect(fieldErrors(new RequestError("invalid_request", "m", null, { issues }))).toEqual({
      password: "Use at least 10 characters",
      email: "That is not an e-mail address",
    });
  });

  it("puts a taken e-mail at the e-mail", () => {
    expect(Object.keys(fieldErrors(new RequestError("taken", "m", null)))).toEqual(["email"]);
  });

  it("pins a wrong password to no field: that would tell which of the two is known", () => {
    expect(fieldErrors(new RequestError("unauthorized", "m", null))).toEqual({});
    expect(fieldErrors(new Error("x"))).toEqual({});
  });
});

describe("a form before it is sent", () => {
  const check = validateWith(WebCredentials);

  it("has nothing to say about what the contract takes", () => {
    expect(check({ email: " Ada@Example.com ", password: "correct horse battery" })).toEqual({});
  });

  it("says at each field what is wrong with it, as a sentence", () => {
    expect(check({ email: "ada", password: "short" })).toEqual({
      email: "That is not an e-mail address",
      password: "Use at least 10 characters",
    });
  });
});
