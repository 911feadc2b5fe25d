import { describe, expect, it } from "vitest";
import { chat, errorOf, eventsOf, openInferenceWorld, streamed, usagesOf, wordsOf } from "./support/inferenceWorld.ts";

describe("smoke", () => {
  it("answers", async () => {
    const world = await openInferenceWorld();
    const { response, text } = await world.done(chat({ prompt_tokens: 1000, completion_tokens: 100 }));
    expect(text).toContain("usage");
    expect(response.status).toBe(200);
    expect(Object.fromEntries(response.headers)).toMatchObject({ "x-occ-cost-usd": "0.0035" });
    const stream = await world.done(streamed({ prompt_tokens: 1000, completion_tokens: 100 }));
    expect(usagesOf(stream.text)).toEqual([]);
    expect(wordsOf(stream.text).length).toBe(400);
    expect(eventsOf(stream.text).at(-1)).toBe("[DONE]");
    const { all, posted, held } = await world.holds();
    expect({ all, posted, held }).toMatchObject({ posted: 5_000_000 - 7000, held: 0 });
    void errorOf;
  });
});
