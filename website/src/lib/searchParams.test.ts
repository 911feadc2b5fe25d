import { describe, expect, it } from "vitest";
import { parseSearch, stringifySearch } from "./searchParams.ts";

describe("an editor's state in an address of this site", () => {
  it.each(["abc", "1e3", "0012", "12345678901234567890123", "true", "null", '"quoted"', "{}", "a b+c&d=e#f%", "ü"])(
    "%j comes back as it was given",
    (state) => {
      const { search } = new URL(`https://here.example/signup${stringifySearch({ ref: "occ-editor", state })}`);
      expect(parseSearch(search)).toEqual({ ref: "occ-editor", state });
    },
  );

  it("says nothing for what is not there", () => {
    expect(stringifySearch({ next: undefined })).toBe("");
    expect(parseSearch("")).toEqual({});
  });
});
