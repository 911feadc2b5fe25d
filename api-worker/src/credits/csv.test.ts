import { describe, expect, it } from "vitest";
import { csvLine } from "./csv.ts";

describe("a line of CSV", () => {
  it("quotes what would end a cell, and nothing else (RFC 4180)", () => {
    expect(csvLine(["plain", 'a "b"', "a, b", "a\nb", "a\r\nb", "", null, 1.5])).toBe(
      'plain,"a ""b""","a, b","a\nb","a\r\nb",,,1.5\r\n',
    );
  });

  it.each(["=1+1", "+1", "-1", "@sum(a1)", "\t=1", "\r=1", "\n=1", "＝1+1", "＋1", "－1", "＠sum(a1)"])(
    "makes no formula of %j",
    (text) => {
      expect(csvLine([text]).replace(/^"/, "")).toMatch(/^'/);
    },
  );

  it("leaves negative numbers numbers", () => {
    expect(csvLine([-0.004275, -4275, 0.000001])).toBe("-0.004275,-4275,0.000001\r\n");
  });

  it("does not touch signs that do not stand first", () => {
    expect(csvLine(["gpt-5 = fast", "a@b"])).toBe("gpt-5 = fast,a@b\r\n");
  });
});
