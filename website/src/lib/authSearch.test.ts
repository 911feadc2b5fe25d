import { describe, expect, it } from "vitest";
import { AuthSearch, leadsToEditor } from "./authSearch.ts";
import { editorAuthorizePath } from "./editorPath.ts";

describe("coming to sign in", () => {
  it("keeps where to go on to, and why a provider's sign-in did not happen", () => {
    expect(AuthSearch.parse({ next: "/device?user_code=X", error: "taken" })).toEqual({
      next: "/device?user_code=X",
      error: "taken",
    });
  });

  it("drops another site and a problem that does not exist", () => {
    expect(AuthSearch.parse({ next: "//evil.example", error: "<b>pwned</b>" }).error).toBeUndefined();
    expect(AuthSearch.parse({ next: "//evil.example" }).next).toBe("/openclaw");
  });

  it("says that it leads to the editor where it does", () => {
    expect(leadsToEditor(editorAuthorizePath("a&b=c"))).toBe(true);
    expect(leadsToEditor(editorAuthorizePath(undefined))).toBe(true);
    expect(leadsToEditor("/editor/authorize-not")).toBe(false);
    expect(leadsToEditor(undefined)).toBe(false);
  });

  it("hands the editor's state on whole", () => {
    const { searchParams } = new URL(editorAuthorizePath("a&b=c#d e"), "https://here.example");
    expect([...searchParams]).toEqual([["state", "a&b=c#d e"]]);
  });
});
