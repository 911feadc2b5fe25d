import { EDITOR_PATHS, EditorHistory, EditorUsage } from "@oa/contract";
import { beforeEach, describe, expect, it } from "vitest";
import { editorOf } from "./support/people.ts";
import type { Sender } from "./support/people.ts";
import { openWorld } from "./support/world.ts";
import type { TestWorld } from "./support/world.ts";

let world: TestWorld;
let ada: Sender;
beforeEach(async () => {
  world = await openWorld();
  ada = await editorOf(world, "ada");
  await world.set(["convex", "credits", "rows"], 45);
});

describe("the editor's lists", () => {
  it("usage has every call with its tokens and cost, newest first", async () => {
    const usage = EditorUsage.parse(JSON.parse((await ada("GET", EDITOR_PATHS.usage)).text));
    expect(usage).toMatchObject({ total: 45, page: 1, limit: 20 });
    expect(usage.items).toHaveLength(20);
    expect(usage.items[1]).toEqual({
      id: "hold-of-a-call-000044",
      model: "gpt-5",
      tokens_in: 1204,
      tokens_cached: 4,
      tokens_out: 310,
      cost_usd: 0.004275,
      endpoint: "chat",
      key_name: "-my-app",
      usage_source: "upstream",
      price_version: "v1",
      created_at: "1970-01-01T00:00:44.000Z",
    });
    expect(usage.items[0]?.key_name).toBeNull();
  });

  it("history has usage, top-ups and grants, newest first", async () => {
    const answer = await ada("GET", `${EDITOR_PATHS.billingHistory}?page=5&limit=10`);
    const history = EditorHistory.parse(JSON.parse(answer.text));
    expect(history).toMatchObject({ total: 45, page: 5, limit: 10 });
    expect(history.items.map(({ id }) => id)).toEqual(["5", "4", "3", "2", "1"]);
    expect(history.items.at(-1)).toEqual({
      id: "1",
      type: "grant",
      amount_usd: 5,
      balance_after_usd: 5,
      description: "Sign-up grant",
      created_at: "1970-01-01T00:00:01.000Z",
    });
  });

  it("a page past the end is empty", async () => {
    const answer = await ada("GET", `${EDITOR_PATHS.usage}?page=9`);
    expect(JSON.parse(answer.text)).toEqual({ items: [], total: 45, page: 9, limit: 20 });
  });

  it.each(["page=0", "page=-1", "page=x", "page=1.5", "limit=0", "limit=101", "page=102&limit=100"])(
    "%s is refused, with what to change",
    async (query) => {
      for (const path of [EDITOR_PATHS.usage, EDITOR_PATHS.billingHistory]) {
        const { code, message } = (await ada("GET", `${path}?${query}`)).error();
        expect(code).toBe("invalid_request");
        expect(message).toMatch(/page|limit/);
      }
    },
  );
});
