import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { microUsd } from "@oa/contract";
import { describe, expect, it } from "vitest";
import { CreditDeskObject } from "../src/credits/creditDeskObject.ts";
import { creditDeskOf } from "../src/credits/desk.ts";
import { MODEL, openInferenceWorld } from "./support/inferenceWorld.ts";

const ZERO = microUsd(0);
const authorize = (n: number) =>
  ({
    op: "authorize",
    hold_id: `hold-${String(n).padStart(16, "0")}`,
    key_id: null,
    secret_hash: null,
    endpoint: "chat",
    model: MODEL,
    input_tokens: 1000,
    max_output_tokens: 1000,
    choices: 1,
    ttl_ms: 60_000,
  }) as const;

describe("the Durable Object of a user's credits", () => {
  it("sends what arrives together to Convex in few batches", async () => {
    const world = await openInferenceWorld();
    const results = await runInDurableObject(env.CREDIT_DESK.getByName("ada"), async (_object, state) => {
      const desk = new CreditDeskObject(state, world.env);
      return await Promise.all(Array.from({ length: 50 }, (_, n) => desk.submit("ada", authorize(n))));
    });
    expect(results.filter((answer) => answer.ok && answer.data.result === "granted")).toHaveLength(50);
    expect((await world.holds()).batches).toEqual([1, 49]);
  });

  it("tells its callers what went wrong by the code, across the binding", async () => {
    // This one has no variables of a deployment.
    const desk = creditDeskOf({ CREDIT_DESK: env.CREDIT_DESK });
    await expect(desk.submit("bob", authorize(1))).rejects.toMatchObject({ code: "not_configured" });
  });
});

describe("a user's desk that is lost under a call", () => {
  const broken = (times: number) => {
    let left = times;
    const submit = () => {
      left -= 1;
      if (left >= 0) return Promise.reject(new Error("the object was reset"));
      return Promise.resolve({
        ok: true as const,
        data: { result: "voided" as const, cost_microusd: ZERO, available_microusd: ZERO },
      });
    };
    return creditDeskOf({ CREDIT_DESK: { getByName: () => ({ submit }) } });
  };

  it("once is asked again; twice is an error that says it is not known", async () => {
    await expect(broken(1).submit("ada", authorize(1))).resolves.toMatchObject({ result: "voided" });
    await expect(broken(2).submit("ada", authorize(1))).rejects.toMatchObject({ code: "control_unreachable" });
  });

  it("that is not bound is a Worker that is not configured", () => {
    expect(() => creditDeskOf({})).toThrow(/CREDIT_DESK/);
  });
});
