import { API_PATHS } from "@oa/contract";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Caller, serviceCaller, signUp, untilStatus } from "./support/api.ts";
import { bootBareGateway } from "./support/bareGateway.ts";
import { startTestStack, type TestStack } from "./support/stack.ts";

/** What provisioning may cost on top of the gateway's own boot. */
const OVERHEAD_MS = 5000;

/** Two times of one machine are compared: this file runs alone, when all others have ended. */
describe("how long a create takes", () => {
  let stack: TestStack;
  let service: Caller;
  let bareBootMs: number;

  beforeAll(async () => {
    bareBootMs = await bootBareGateway();
    stack = await startTestStack();
    const { userId } = await signUp(stack, "waiting-user@example.com");
    service = serviceCaller(stack, userId);
  });
  afterAll(() => stack.dispose());

  it("is ready within the gateway's own boot time and 5 s, also when twenty creates come at once", async () => {
    const from = performance.now();
    const answers = await Promise.all(Array.from({ length: 20 }, () => service.call("POST", API_PATHS.instance, {})));
    expect(new Set(answers.map((answer) => answer.status))).toEqual(new Set([202]));
    await untilStatus(service, "ready", 240_000);
    const tookMs = performance.now() - from;
    console.log(
      `create to ready: ${Math.round(tookMs)} ms; the bare gateway's own boot: ${Math.round(bareBootMs)} ms; ratio ${(tookMs / bareBootMs).toFixed(2)}`,
    );
    expect(tookMs).toBeLessThan(bareBootMs + OVERHEAD_MS);
  });
});
