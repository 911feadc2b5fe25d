import {
  API_PATHS,
  BackupList,
  BackupResult,
  BillingSummary,
  DeviceLists,
  InstanceAccepted,
  observed,
  parseEnvelope,
  RestartResult,
  RuntimeStatus,
} from "@oa/contract";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Caller, createInstance, readInstance, serviceCaller, signUp, untilStatus } from "./support/api.ts";
import { approve, newDevice, pendingRequest } from "./support/device.ts";
import { startTestStack, type TestStack } from "./support/stack.ts";

describe("a service provisions a hosted OpenClaw with the internal headers", () => {
  let stack: TestStack;
  let service: Caller;

  beforeAll(async () => {
    stack = await startTestStack();
    const { userId } = await signUp(stack, "service-user@example.com");
    service = serviceCaller(stack, userId);
  });
  afterAll(() => stack.dispose());

  it("knows of no instance before the first create", async () => {
    expect(await readInstance(service)).toBeNull();
    const status = await service.call("GET", API_PATHS.runtimeStatus);
    expect(status.status).toBe(404);
  });

  it("gets one instance out of twenty creates at once", async () => {
    const answers = await Promise.all(Array.from({ length: 20 }, () => service.call("POST", API_PATHS.instance, {})));
    const created = answers.map((answer) => {
      expect(answer.status).toBe(202);
      const envelope = parseEnvelope(InstanceAccepted, answer.body);
      if (!envelope.ok) throw new Error(envelope.error.message);
      return envelope.data.instance;
    });
    expect(new Set(created.map((instance) => instance.instance_id)).size).toBe(1);
    expect(new Set(created.map((instance) => instance.generation))).toEqual(new Set([1]));

    const ready = await untilStatus(service, "ready", 240_000);
    expect(ready.last_ready_at).not.toBeNull();
    expect(ready.steps.map((step) => step.state)).not.toContain("failed");
    expect(ready.steps.at(-1)).toMatchObject({ name: "ready", state: "done" });
  });

  it("reads the runtime's status with the time it was true", async () => {
    const status = await service.data(observed(RuntimeStatus), "GET", API_PATHS.runtimeStatus);
    expect(status.data.gateway.status).toBe("running");
    expect(status.data.health).toEqual({ ok: true, failing: [] });
    expect(Math.abs(Date.now() - status.observed_at)).toBeLessThan(10_000);
  });

  it("approves a real device that asks, and the device is in", async () => {
    const device = await newDevice(service);
    expect(await device.connect()).toMatchObject({ state: "refused", code: "PAIRING_REQUIRED" });

    const pending = await pendingRequest(service, device.deviceId);
    expect(pending.expiresAt).toBeGreaterThan(Date.now());
    expect(pending.scopes.length).toBeGreaterThan(0);
    expect(await approve(service, pending.requestId)).toEqual({ approved: true, requestId: pending.requestId });

    const connection = await device.connect();
    if (connection.state !== "connected") throw new Error(`refused: ${connection.code}`);
    expect(connection.scopes.toSorted()).toEqual(pending.scopes.toSorted());
    connection.close();
  });

  it("backs up while running, and lists what it verified", async () => {
    const backup = await service.data(BackupResult, "POST", API_PATHS.runtimeBackup);
    const { backups } = await service.data(BackupList, "GET", API_PATHS.runtimeBackups);
    expect(backups).toContainEqual(expect.objectContaining({ id: backup.id, sha256: backup.sha256, verified: true }));
  });

  it("restarts, and answers when the new gateway is ready", async () => {
    const before = await service.data(observed(RuntimeStatus), "GET", API_PATHS.runtimeStatus);
    const restarted = await service.data(RestartResult, "POST", API_PATHS.runtimeRestart);
    expect(restarted.gateway.status).toBe("running");
    expect(restarted.gateway.pid).not.toBe(before.data.gateway.pid);
  });

  it("has $5.00 of credits", async () => {
    const summary = await service.data(BillingSummary, "GET", API_PATHS.billingSummary);
    expect(summary).toMatchObject({ balance_usd: 5, balance_microusd: 5_000_000, held_usd: 0, available_usd: 5 });
  });

  it("keeps it all over Ctrl-C and a second npm start", async () => {
    const before = await readInstance(service);
    expect(await stack.interrupt()).toBe(0);
    await stack.start();
    const after = await untilStatus(service, "ready", 240_000);
    expect(after.instance_id).toBe(before?.instance_id);
    const summary = await service.data(BillingSummary, "GET", API_PATHS.billingSummary);
    expect(summary.balance_microusd).toBe(5_000_000);
  });

  it("deletes, and a new create starts afresh", async () => {
    const deleting = await service.call("DELETE", API_PATHS.instance);
    expect(deleting.status).toBe(202);
    await untilStatus(service, "deleted", 120_000);
    const again = await createInstance(service);
    expect(again.generation).toBeGreaterThan(1);
    const ready = await untilStatus(service, "ready", 240_000);
    const { data: lists } = await service.data(observed(DeviceLists), "GET", API_PATHS.runtimeDevices);
    expect(lists.paired).toEqual([]);
    expect(ready.status).toBe("ready");
  });
});
