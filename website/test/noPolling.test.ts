import { readdir, readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";

const SOURCES = fileURLToPath(new URL("../src", import.meta.url));
/** The clock, which only draws anew. */
const CLOCK = "lib/useNow.ts";

it("no page asks the server by a timer", async () => {
  const files = (await readdir(SOURCES, { recursive: true })).filter(
    (name) => /\.tsx?$/.test(name) && !name.includes(".test."),
  );
  const texts = await Promise.all(
    files.map(async (name) => ({ name, text: await readFile(`${SOURCES}/${name}`, "utf8") })),
  );
  const timed = texts.filter(({ text }) => /refetchInterval|setInterval/.test(text)).map(({ name }) => name);
  expect(timed).toEqual([CLOCK]);
});
