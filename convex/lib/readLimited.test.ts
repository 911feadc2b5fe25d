import { describe, expect, it } from "vitest";
import { readLimited } from "./readLimited.ts";

/** A body in pieces, which remembers how much of it was asked for. */
function bodyOf(pieces: Uint8Array[]) {
  const asked = { pieces: 0, cancelled: false };
  const body = new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        const piece = pieces[asked.pieces];
        asked.pieces += 1;
        if (piece === undefined) controller.close();
        else controller.enqueue(piece);
      },
      cancel() {
        asked.cancelled = true;
      },
    },
    { highWaterMark: 0 },
  );
  return { body, asked };
}

const bytes = (text: string) => new TextEncoder().encode(text);

describe("reading a body with a limit", () => {
  it("gives the whole text, also where a letter is cut in two", async () => {
    const text = bytes("für dich ✓");
    const { body } = bodyOf([text.slice(0, 2), text.slice(2, 11), text.slice(11)]);
    expect(await readLimited(body, 100)).toBe("für dich ✓");
  });

  it("gives the text of exactly the limit", async () => {
    expect(await readLimited(bodyOf([bytes("12345")]).body, 5)).toBe("12345");
  });

  it("stops reading one byte past the limit, and lets the sender know", async () => {
    const { body, asked } = bodyOf(Array.from({ length: 1000 }, () => new Uint8Array(1024)));
    expect(await readLimited(body, 4096)).toBeNull();
    expect(asked.pieces).toBe(5);
    expect(asked.cancelled).toBe(true);
  });

  it("no body is an empty text", async () => {
    expect(await readLimited(null, 10)).toBe("");
  });
});
