import { readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { BackupList, BackupResult, DeviceDecision, RestoreResult } from "@oa/contract";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { digestTree } from "../host/backups/digest.ts";
import { CLI_PROFILE, type DeviceConnectOptions, connectDevice, newDeviceIdentity } from "./support/device.ts";
import { TestHost, TestInstance, until } from "./support/testHost.ts";

/** What is backed up can be had back, and what cannot be had back is never put in place of what there is. */
describe("backups of a running instance", () => {
  let host: TestHost;
  let ada: TestInstance;
  let laptop: DeviceConnectOptions;
  let backup: { id: string; size: number; sha256: string };
  let keptId: string;

  /** Pairs a device: something that is in the state, or is not. */
  const pair = async (): Promise<DeviceConnectOptions> => {
    const device = { ...(await ada.connectInfo()), identity: newDeviceIdentity(), profile: CLI_PROFILE };
    const asked = await connectDevice(device);
    await ada.call("POST", `/v1/devices/${asked.state === "refused" ? asked.requestId : ""}/approve`, DeviceDecision);
    return device;
  };
  const pairedIds = async () => (await ada.devices()).paired.map((device) => device.deviceId);
  const restore = (id: string) => ada.call("POST", "/v1/storage/restore", RestoreResult, { id });
  const archive = () => join(host.dataDir, "instances", ada.id, "backups", `${backup.id}.tar.gz`);

  beforeAll(async () => {
    host = await TestHost.start(["--keep-backups", "2"]);
    ada = new TestInstance(host, "adaadaada4");
    await ada.create();
    laptop = await pair();
  });
  afterAll(() => host.dispose());

  it("are made while the gateway runs, checked, and listed", async () => {
    const pid = (await ada.status()).gateway.pid;
    // Asked twice, made once.
    const [one, two] = await Promise.all([
      ada.call("POST", "/v1/storage/backup", BackupResult),
      ada.call("POST", "/v1/storage/backup", BackupResult),
    ]);
    backup = one.data;
    expect(two.data).toEqual(one.data);
    const { backups } = (await ada.call("GET", "/v1/storage/backups", BackupList)).data;
    expect(backups).toMatchObject([{ id: backup.id, size: backup.size, sha256: backup.sha256, verified: true }]);
    const status = await ada.status();
    expect(status.lastBackup?.id).toBe(backup.id);
    expect(status.gateway.pid).toBe(pid);
  });

  it("are refused when one byte is different, and the instance goes on untouched", async () => {
    const pid = (await ada.status()).gateway.pid;
    const good = await readFile(archive());
    for (const at of [0, Math.floor(good.length / 2), good.length - 1]) {
      const bad = Buffer.from(good);
      bad[at] = (bad[at] ?? 0) ^ 1;
      await writeFile(archive(), bad);
      expect((await restore(backup.id)).error?.code).toBe("backup_corrupt");
    }
    await writeFile(archive(), good.subarray(0, -1));
    expect((await restore(backup.id)).error?.code).toBe("backup_corrupt");
    await writeFile(archive(), good);
    expect((await restore("bk_neverwas")).error?.code).toBe("not_found");
    expect((await ada.status()).gateway.pid).toBe(pid);
    expect(await pairedIds()).toEqual([laptop.identity.deviceId]);
  });

  it("bring the state back as it was, and keep what they replace", async () => {
    const phone = await pair();
    expect(await pairedIds()).toHaveLength(2);
    const { data } = await restore(backup.id);
    expect(await pairedIds()).toEqual([laptop.identity.deviceId]);
    expect((await connectDevice(laptop)).state).toBe("connected");
    // Second thoughts: what was replaced is a backup itself.
    keptId = (await restore(data.replaced)).data.replaced;
    expect((await pairedIds()).sort()).toEqual([laptop.identity.deviceId, phone.identity.deviceId].sort());
    expect(await host.gateways(ada.id)).toHaveLength(1);
    const ids = (await ada.call("GET", "/v1/storage/backups", BackupList)).data.backups.map((one) => one.id);
    expect(ids).toContain(backup.id);
    expect(ids).not.toContain(data.replaced);
  });

  it("leave the former state in place when the host is killed in the middle of a restore", async () => {
    const before = (await pairedIds()).sort();
    const running = restore(backup.id).catch(() => undefined);
    await until(
      "the state was exchanged",
      async () => (await ada.status()).jobs?.running?.phase === "starting the gateway",
    );
    expect((await ada.call("POST", "/v1/storage/backup", BackupResult)).error?.code).toBe("busy");
    await host.end("SIGKILL");
    await running;
    await host.start();
    await host.ready(ada.id);
    expect((await pairedIds()).sort()).toEqual(before);
    expect(await host.gateways(ada.id)).toHaveLength(1);
    expect((await ada.status()).jobs).toMatchObject({
      running: null,
      last: { kind: "restore", result: "failed", reason: "The machine it ran on was restarted before it was done." },
    });
  });

  it("go back to the former state when the gateway does not start with them", async () => {
    // A kept state whose database is damaged, with a record that says that this is how it was kept.
    const root = join(host.dataDir, "instances", ada.id);
    await writeFile(join(root, "kept", keptId, "state", "state", "openclaw.sqlite"), "this is no database");
    const record = join(root, "backups", `${keptId}.json`);
    const digest = await digestTree(join(root, "kept", keptId));
    await writeFile(record, JSON.stringify({ ...JSON.parse(await readFile(record, "utf8")), ...digest }));
    const now = await pairedIds();
    const answer = await restore(keptId);
    expect(answer.error?.code).toBe("runtime_error");
    expect(answer.error?.message).toContain("the former state is back");
    expect((await ada.status()).gateway.status).toBe("running");
    expect(await pairedIds()).toEqual(now);
  });

  it("are kept to the newest few", async () => {
    for (let i = 0; i < 2; i += 1) await ada.call("POST", "/v1/storage/backup", BackupResult);
    const { backups } = (await ada.call("GET", "/v1/storage/backups", BackupList)).data;
    expect(backups.map((one) => one.id)).not.toContain(backup.id);
    await expect(stat(archive())).rejects.toThrow("ENOENT");
  });
});
