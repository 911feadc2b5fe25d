import { describe, expect, it } from "vitest";
import { isCodeAddress, isEditorAddress } from "./safeRedirect.ts";

describe("where a token may go", () => {
  it("goes to the editor's own address", () => {
    expect(isEditorAddress("occ-editor://auth?token=t&balance=5")).toBe(true);
  });

  it.each([
    "https://evil.example/?occ-editor://auth?token=t",
    "occ-editor://evil?token=t",
    "vscode://openagents.occ/auth?token=t",
    "javascript:alert(1)",
    "//auth?token=t",
  ])("does not go to %s", (address) => {
    expect(isEditorAddress(address)).toBe(false);
  });
});

describe("where a one-use code may go", () => {
  it.each([
    "vscode://openagents.occ/auth?code=c&state=s",
    "https://editor.example/cb?code=c",
    "http://127.0.0.1:1/?code=c",
  ])("goes to %s", (address) => {
    expect(isCodeAddress(address)).toBe(true);
  });

  it.each([
    "javascript:alert(1)//a.b",
    "data:text/html,x",
    "http://evil.example/?code=c",
    "/openclaw",
    "file:///etc/passwd",
  ])("does not go to %s", (address) => {
    expect(isCodeAddress(address)).toBe(false);
  });
});
