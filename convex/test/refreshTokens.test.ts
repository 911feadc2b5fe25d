import { REFRESH_TOKEN_TTL_MS } from "@oa/contract";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { internal } from "../_generated/api.js";
import { LOST_ANSWER_MS } from "../lib/rotationPlan.ts";
import { hashOf, People } from "./people.testing.ts";
import { setupTest, type TestDeployment } from "./setup.testing.ts";

async function tokens(t: TestDeployment) {
  return await t.run(async (ctx) => await ctx.db.query("refresh_tokens").collect());
}

/** Lets the time for a lost answer pass, for every token that has been used. */
async function waitOut(t: TestDeployment): Promise<void> {
  await t.run(async (ctx) => {
    for (const { _id, state } of await ctx.db.query("refresh_tokens").collect()) {
      if (state.kind !== "used") continue;
      await ctx.db.patch("refresh_tokens", _id, { state: { ...state, at: state.at - LOST_ANSWER_MS - 1 } });
    }
  });
}

async function signedIn() {
  const t = setupTest();
  const people = new People(t);
  const user = await people.signUp("ada@example.com");
  await people.editor(user, "r0");
  return { t, people, user };
}

describe("a refresh token", () => {
  it("used 20 times at once has exactly one living child", async () => {
    const { t, people } = await signedIn();
    const uses = Array.from({ length: 20 }, (_, index) => people.refresh("r0", `child ${index}`));
    expect(new Set(await Promise.all(uses))).toEqual(new Set(["rotated"]));
    const rows = await tokens(t);
    expect(rows.filter(({ state }) => state.kind === "live")).toHaveLength(1);
    expect(rows.filter(({ state }) => state.kind === "superseded")).toHaveLength(19);
  });

  it("that comes back later ends the family, and its owner is told", async () => {
    const { t, people, user } = await signedIn();
    await people.refresh("r0", "r1");
    await people.refresh("r1", "r2");
    expect(await people.refresh("r0", "stolen")).toBe("refused");
    expect(await people.refresh("r2", "r3")).toBe("refused");
    expect(await tokens(t)).toEqual([]);
    const events = await t.run(async (ctx) => await ctx.db.query("auth_events").collect());
    expect(events.filter(({ user_id }) => user_id === user).map(({ type }) => type)).toContain("refresh_token_reused");
  });

  it("whose answer was lost may be used again, for ten seconds, and not after its child was", async () => {
    const { t, people } = await signedIn();
    await people.refresh("r0", "lost");
    expect(await people.refresh("r0", "r1")).toBe("rotated");
    expect(await people.refresh("r1", "r2")).toBe("rotated");
    await waitOut(t);
    expect(await people.refresh("r1", "late")).toBe("refused");
    expect(await tokens(t)).toEqual([]);
  });

  it("that was called lost and comes anyway ends the family: two have it", async () => {
    const { people } = await signedIn();
    await people.refresh("r0", "thief's");
    await people.refresh("r0", "owner's");
    expect(await people.refresh("thief's", "next")).toBe("refused");
    expect(await people.refresh("owner's", "next")).toBe("refused");
  });

  it("of one editor ends with that editor; another's goes on", async () => {
    const { people, user } = await signedIn();
    await people.editor(user, "other");
    await people.refresh("r0", "r1");
    await people.refresh("r1", "r2");
    await people.refresh("r0", "again");
    expect(await people.refresh("other", "other next")).toBe("rotated");
  });

  it("of an editor that was used for weeks ends it in one small transaction; what is left of it is worth nothing", async () => {
    const { t, people } = await signedIn();
    await t.run(async (ctx) => {
      const family = await ctx.db.query("refresh_families").unique();
      if (family === null) throw new Error("there is no editor");
      const row = {
        family_id: family._id,
        created_at: 1,
        expires_at: family.expires_at,
        state: { kind: "live" as const },
      };
      for (let index = 0; index < 300; index += 1) {
        await ctx.db.insert("refresh_tokens", { ...row, token_hash: hashOf(`spare ${index}`) });
      }
    });
    await people.refresh("r0", "r1");
    await people.refresh("r1", "r2");
    expect(await people.refresh("r0", "stolen")).toBe("refused");
    expect((await tokens(t)).length).toBeGreaterThan(0);
    const uses = ["r2", ...Array.from({ length: 300 }, (_, index) => `spare ${index}`)];
    for (const token of uses) expect(await people.refresh(token, `${token} next`)).toBe("refused");
    vi.useFakeTimers({ now: Date.now() + REFRESH_TOKEN_TTL_MS + 1, toFake: ["Date"] });
    onTestFinished(() => void vi.useRealTimers());
    await t.mutation(internal.retention.prune, {});
    await t.mutation(internal.retention.prune, {});
    expect(await tokens(t)).toEqual([]);
  });

  it("may be exchanged thirty times an hour; the one that is too much stays good", async () => {
    const { t, people } = await signedIn();
    for (let index = 0; index < 30; index += 1) {
      expect(await people.refresh(`r${index}`, `r${index + 1}`)).toBe("rotated");
    }
    expect(await people.refresh("r30", "r31")).toBe("limited");
    expect((await tokens(t)).filter(({ state }) => state.kind === "live")).toHaveLength(1);
  });
});
