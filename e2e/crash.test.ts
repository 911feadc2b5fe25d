import {
  CONTROL_KEY_HEADER,
  CONTROL_PATHS,
  SecretValue,
  SERVICE_TOKEN_HEADER,
  parseEnvelope,
  type StepName,
  USER_ID_HEADER,
  InstanceAnswer,
  API_PATHS,
} from "@oa/contract";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Caller, createInstance, readInstance, signUp, untilStatus } from "./support/api.ts";
import { gatewaysOf, processesNaming } from "./support/processes.ts";
import { startTestStack, type TestStack } from "./support/stack.ts";

/** When in provisioning, and what is killed: one part, or npm start and every part with it. */
type Victim = "convex" | "api" | "runtime-host" | "everything";
type Moment = { afterMs: number } | { step: StepName; delayMs: number };

const POINTS: { moment: Moment; victim: Victim }[] = [
  { moment: { afterMs: 0 }, victim: "convex" },
  { moment: { afterMs: 50 }, victim: "everything" },
  { moment: { step: "service_token", delayMs: 0 }, victim: "api" },
  { moment: { step: "storage", delayMs: 0 }, victim: "convex" },
  { moment: { step: "runtime", delayMs: 0 }, victim: "runtime-host" },
  { moment: { step: "gateway_boot", delayMs: 0 }, victim: "api" },
  { moment: { step: "gateway_boot", delayMs: 1000 }, victim: "runtime-host" },
  { moment: { step: "gateway_boot", delayMs: 3000 }, victim: "everything" },
  { moment: { step: "gateway_boot", delayMs: 5000 }, victim: "convex" },
  { moment: { step: "health", delayMs: 0 }, victim: "everything" },
];

const nameOf = (moment: Moment): string =>
  "step" in moment ? `${moment.delayMs} ms after the step ${moment.step} begins` : `${moment.afterMs} ms after Create`;

describe("kill -9 at ten points of provisioning: the instance ends ready, with one gateway, one row, one token", () => {
  let stack: TestStack;
  beforeAll(async () => {
    stack = await startTestStack();
  });
  afterAll(() => stack.dispose());

  it.each(POINTS.map(({ moment, victim }, index) => ({ moment, victim, index, at: nameOf(moment) })))(
    "$victim, $at",
    async ({ moment, victim, index }) => {
      const { browser, userId } = await signUp(stack, `crash-${index}@example.com`);
      const created = await createInstance(browser);
      await reached(browser, moment);
      await kill(stack, victim);
      if (victim === "everything") await stack.start();

      const ready = await untilStatus(browser, "ready", 240_000);
      expect(ready.instance_id).toBe(created.instance_id);

      // One gateway, and it is this instance's.
      expect((await gatewaysOf(stack.dataDir, created.instance_id)).length).toBe(1);
      // One row: the control plane's own reading by user gives the same instance.
      const { instance } = await control(stack, userId, InstanceAnswer, CONTROL_PATHS.instance);
      expect(instance.instance_id).toBe(created.instance_id);
      // One service token: the one that is stored is the one the runtime takes.
      const { value } = await control(stack, userId, SecretValue, `${CONTROL_PATHS.instanceSecret}?key=service_token`);
      const status = await fetch(`${instance.runtime_url ?? ""}/v1/status`, {
        headers: { [SERVICE_TOKEN_HEADER]: value },
      });
      expect(status.status).toBe(200);

      await browser.call("DELETE", API_PATHS.instance);
      await untilStatus(browser, "deleted", 120_000);
      expect(await gatewaysOf(stack.dataDir, created.instance_id)).toEqual([]);
    },
  );

  it("a create while the runtime host is away says so, and is ready when it is back", async () => {
    const { browser } = await signUp(stack, "host-away@example.com");
    const pid = stack.info().pids["runtime-host"];
    if (pid === undefined) throw new Error("no runtime host");
    // Stopped, not killed: npm start would bring a killed one back before anyone noticed.
    process.kill(pid, "SIGSTOP");
    try {
      await createInstance(browser);
      await expect
        .poll(async () => (await readInstance(browser))?.reason ?? "", { timeout: 120_000, interval: 250 })
        .toMatch(/host/i);
      expect((await readInstance(browser))?.status).toBe("provisioning");
    } finally {
      process.kill(pid, "SIGCONT");
    }
    await untilStatus(browser, "ready", 240_000);
  });

  it("Ctrl-C leaves no process behind", async () => {
    expect(await stack.interrupt()).toBe(0);
    await sleep(500);
    const left = await processesNaming(stack.dataDir);
    expect(left.map((each) => each.command)).toEqual([]);
  });
});

/** Waits for the moment. A step that has gone by already counts as reached. */
async function reached(who: Caller, moment: Moment): Promise<void> {
  if (!("step" in moment)) {
    await sleep(moment.afterMs);
    return;
  }
  for (let waited = 0; waited < 60_000; waited += 20) {
    const instance = await readInstance(who);
    const step = instance?.steps.find((each) => each.name === moment.step);
    if (step !== undefined && step.state !== "pending") break;
    await sleep(20);
  }
  await sleep(moment.delayMs);
}

async function kill(stack: TestStack, victim: Victim): Promise<void> {
  const { pids } = stack.info();
  if (victim === "everything") {
    await stack.killStart();
    for (const each of await processesNaming(stack.dataDir)) killHard(each.pid);
    for (const pid of Object.values(pids)) killHard(pid);
    return;
  }
  const pid = pids[victim];
  if (pid === undefined) throw new Error(`no part ${victim}`);
  killHard(pid);
}

function killHard(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It has ended by itself.
  }
}

async function control<S extends Parameters<typeof parseEnvelope>[0]>(
  stack: TestStack,
  userId: string,
  schema: S,
  path: string,
) {
  const { convex, secrets } = stack.info();
  const response = await fetch(`${convex.siteUrl}${path}`, {
    headers: { [CONTROL_KEY_HEADER]: secrets.OA_CONTROL_KEY, [USER_ID_HEADER]: userId },
  });
  const envelope = parseEnvelope(schema, await response.json());
  if (!envelope.ok) throw new Error(`${path}: ${envelope.error.code}`);
  return envelope.data;
}
