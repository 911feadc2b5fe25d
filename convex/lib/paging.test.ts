import { expect, it } from "vitest";
import { pageOf } from "./paging.ts";

it.each([
  [10, 10],
  [100, 100],
  [5000, 100],
  [0, 1],
  [-3, 1],
])("a caller who asks for %s rows gets a page of %s", (asked, given) => {
  expect(pageOf({ numItems: asked, cursor: "c" })).toEqual({ numItems: given, cursor: "c" });
});
