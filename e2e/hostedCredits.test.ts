import { CREDIT_CONTROL_PATHS, CONTROL_KEY_HEADER, CONTROL_PATHS, USER_ID_HEADER } from "@oa/contract";
import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Conversation, talkTo } from "./support/agent.ts";
import { type Caller, createInstance, readInstance, signUp, untilStatus } from "./support/api.ts";
import { settled, standingOf, upstreamSeen } from "./support/credits.ts";
import { startTestStack, type TestStack } from "./support/stack.ts";

describe("a hosted OpenClaw spends its owner's credits", () => {
  let stack: TestStack;
  let owner: Caller;
  let userId: string;
  let conversation: Conversation | null = null;

  beforeAll(async () => {
    stack = await startTestStack();
    const signedUp = await signUp(stack, "hosted-credits@example.com");
    owner = signedUp.browser;
    userId = signedUp.userId;
    await createInstance(owner);
    await untilStatus(owner, "ready", 240_000);
    conversation = await talkTo(owner);
  });
  afterAll(async () => {
    conversation?.close();
    await stack.dispose();
  });

  /** What a trusted part of the installation may do: post to the ledger. */
  async function control(path: string, body: object): Promise<void> {
    const { convex, secrets } = stack.info();
    const response = await fetch(`${convex.siteUrl}${path}`, {
      method: "POST",
      headers: {
        [CONTROL_KEY_HEADER]: secrets.OA_CONTROL_KEY,
        [USER_ID_HEADER]: userId,
        "content-type": "application/json",
      },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(30_000),
    });
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
  }

  function talk(message: string): Promise<string> {
    if (conversation === null) throw new Error("no device is paired");
    return conversation.ask(message);
  }

  it("has a key of its own, made while it was set up", async () => {
    const step = (await readInstance(owner))?.steps.find(({ name }) => name === "inference_key");
    expect(step?.state).toBe("done");
  });

  it("answers a turn through the proxy, which is charged", async () => {
    const before = await standingOf(stack, userId);
    expect(await talk("What is the answer to everything?")).toContain("What is the answer to everything?");
    const after = await settled(stack, userId);
    expect(after.posted_microusd).toBeLessThan(before.posted_microusd);
    const seen = (await upstreamSeen(stack)).at(-1);
    expect(seen).toMatchObject({ status: 200, ended: "complete", include_usage: true });
  });

  it("without credits says what to do, costs nothing, and works again right after a top-up", async () => {
    const { available_microusd } = await settled(stack, userId);
    await control(CONTROL_PATHS.creditsBurn, {
      amount_usd: available_microusd / 1_000_000,
      idempotency_key: randomUUID(),
    });
    const calls = (await upstreamSeen(stack)).length;
    const told = await talk("Are you still there?");
    expect(told).toMatch(/credits are used up/i);
    expect(told).toContain("/openclaw/billing");
    expect(await upstreamSeen(stack)).toHaveLength(calls);
    expect((await settled(stack, userId)).posted_microusd).toBe(0);

    await control(CREDIT_CONTROL_PATHS.creditsAdjust, {
      act_id: randomUUID(),
      amount_microusd: 1_000_000,
      reason: "a gift for the test",
      actor: "e2e",
      idempotency_key: randomUUID(),
    });
    expect(await talk("And now, are you back?")).toContain("And now, are you back?");
    expect((await settled(stack, userId)).posted_microusd).toBeLessThan(1_000_000);
  });
});
