import { describe, expect, it } from "vitest";
import { fragmentToken } from "./fragmentToken.ts";

describe("the secret of a mailed link", () => {
  const token = `${"aB3_-".repeat(8)}xyz`;

  it.each([`#token=${token}`, `token=${token}`])("is read from the fragment", (hash) => {
    expect(fragmentToken(hash)).toBe(token);
  });

  it.each(["", "#", "#token=", `#token=${token.slice(0, 20)}`, `#token=${token}=`, `#other=${token}`])(
    "is not read from a link that is not whole: %j",
    (hash) => {
      expect(fragmentToken(hash)).toBeNull();
    },
  );
});
