import { describe, expect, it, vi } from "vitest";
import { editorToken } from "../src/auth/editorToken.ts";
import { chat, errorOf, oneHold, openInferenceWorld } from "./support/inferenceWorld.ts";
import type { InferenceWorld } from "./support/inferenceWorld.ts";

describe("a key in use", () => {
  it("is looked up once for five seconds of calls", async () => {
    const world = await openInferenceWorld();
    await world.done(chat({}));
    await world.fault("convex", { path: "/control/keys/resolve", fault: { kind: "html" } });
    expect((await world.done(chat({}))).response.status).toBe(200);
    const now = Date.now();
    const clock = vi.spyOn(Date, "now").mockImplementation(() => now + 5_001);
    const { response } = await world.done(chat({}));
    clock.mockRestore();
    expect(response.status).toBe(502);
  });

  it("that was refused is looked up every time: what its owner mends is felt at once", async () => {
    const world = await openInferenceWorld();
    const key = await world.addKey({ disabled: true });
    const { text } = await world.done(chat({}), { key });
    expect(errorOf(text).code).toBe("KEY_DISABLED");
    await world.set(["convex", "credits", "keys", "1", "key", "disabled"], false);
    expect((await world.done(chat({}), { key })).response.status).toBe(200);
  });

  it("stands in no answer and in no log", async () => {
    const lines: string[] = [];
    const note = (line: unknown) => void lines.push(String(line));
    const spies = [
      vi.spyOn(console, "log").mockImplementation(note),
      vi.spyOn(console, "error").mockImplementation(note),
    ];
    const world = await openInferenceWorld();
    const answers = [
      await world.done(chat({})),
      await world.done(chat({ status: 401 })),
      await world.done(chat({ status: 500 })),
      await world.done(chat({}, { model: "unknown" })),
    ];
    for (const spy of spies) spy.mockRestore();
    const all = [...answers.map(({ text }) => text), ...lines].join("\n");
    expect(lines.length).toBeGreaterThan(3);
    expect(all).not.toContain(world.key);
    expect(all).not.toContain("double_key_of_the_tests");
  });
});

describe("an editor", () => {
  async function tokenOf(world: InferenceWorld): Promise<string> {
    const config = {
      privateKey: String(world.env["OA_CONVEX_JWT_PRIVATE_KEY"]),
      issuer: String(world.env["OA_CONVEX_JWT_ISSUER"]),
      keyId: null,
      previousKeys: [],
    };
    return await editorToken(config, { sub: "ada", sid: "family1", tv: 1, jti: "j1" }, Date.now());
  }

  it("calls models with its JWT; only the balance bounds it", async () => {
    const world = await openInferenceWorld();
    await world.set(["convex", "editors", "family1"], "ada");
    const { response } = await world.done(chat({}), { key: await tokenOf(world) });
    expect(response.status).toBe(200);
    expect((await oneHold(world)).asked.key_id).toBeNull();
  });

  it("whose sign-in has ended is told to sign in again", async () => {
    const world = await openInferenceWorld();
    const { response, text } = await world.done(chat({}), { key: await tokenOf(world) });
    expect([response.status, errorOf(text).code]).toEqual([401, "UNAUTHORIZED"]);
  });
});
