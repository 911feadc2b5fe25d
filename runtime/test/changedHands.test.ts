import { execFile } from "node:child_process";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { BackupResult, RestoreResult } from "@oa/contract";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import * as z from "zod";
import { CLI_PROFILE, type DeviceConnectOptions, connectDevice, newDeviceIdentity } from "./support/device.ts";
import { TestHost, TestInstance } from "./support/testHost.ts";

const NODE = {
  client: { id: "node-host", mode: "node", platform: "linux", version: "1.0.0", displayName: "A server" },
  role: "node" as const,
  scopes: [],
  commands: ["system.run"],
};

/** Somebody opened an account with Ada's address, made an OpenClaw and paired what is theirs. Then Ada proves the address. */
describe("an instance that passes into other hands", () => {
  let host: TestHost;
  let ada: TestInstance;
  let before: { url: string; token: string };
  let backup: z.infer<typeof BackupResult>;
  /** As they would connect again, each with the token that was given to it. */
  const theirs: DeviceConnectOptions[] = [];

  const approveAll = async () => {
    for (const { requestId } of (await ada.devices()).pending)
      await ada.call("POST", `/v1/devices/${requestId}/approve`, z.unknown());
  };
  const pair = async (device: DeviceConnectOptions): Promise<DeviceConnectOptions> => {
    await connectDevice(device);
    await approveAll();
    const paired = await connectDevice(device);
    if (paired.state !== "connected") throw new Error(`refused: ${paired.code}`);
    await approveAll();
    return { ...device, token: paired.deviceToken ?? "" };
  };
  const workspace = () => join(host.dataDir, "instances", ada.id, "state", "workspace", "NOTES.md");
  const refusals = async () => {
    const answers = await Promise.all(theirs.map((device) => connectDevice(device)));
    return answers.map((answer) => answer.state);
  };

  beforeAll(async () => {
    host = await TestHost.start();
    ada = new TestInstance(host, "changeda01");
    await ada.create();
    before = await ada.connectInfo();
    theirs.push(await pair({ ...before, identity: newDeviceIdentity(), profile: CLI_PROFILE }));
    theirs.push(await pair({ ...before, identity: newDeviceIdentity(), profile: NODE }));
    await mkdir(join(workspace(), ".."), { recursive: true });
    await writeFile(workspace(), "what they did together");
    backup = (await ada.call("POST", "/v1/storage/backup", BackupResult)).data;
  });
  afterAll(() => host?.dispose());

  it("lets nobody of before in: not with a device's token, not with the gateway's, not with a setup code", async () => {
    const code = {
      url: before.url,
      identity: newDeviceIdentity(),
      profile: NODE,
      bootstrapToken: await setupCode(host, ada),
    };
    expect(await refusals()).toEqual(["connected", "connected"]);
    const other = { ...code, identity: newDeviceIdentity(), bootstrapToken: await setupCode(host, ada) };
    expect(await connectDevice(other)).toMatchObject({ state: "connected" });

    await host.put(ada.id, ada.spec(2, { desired: "stopped", access_version: 1 }));
    await host.put(ada.id, ada.spec(3, { access_version: 1 }));
    const phases = await host.ready(ada.id);
    expect(phases.at(-1)).toBe("ready");

    expect(await ada.devices()).toEqual({ pending: [], paired: [] });
    const { url, token } = await ada.connectInfo();
    expect(token).not.toBe(before.token);
    expect(await refusals()).toEqual(["refused", "refused"]);
    expect(await connectDevice(code)).toMatchObject({ state: "refused" });
    const stranger = { url, identity: newDeviceIdentity(), profile: CLI_PROFILE };
    expect(await connectDevice({ ...stranger, token: before.token })).toMatchObject({ code: "AUTH_TOKEN_MISMATCH" });
    // The data is there, and its owner pairs what is theirs.
    expect(await readFile(workspace(), "utf8")).toBe("what they did together");
    const laptop = await pair({ ...stranger, token });
    expect((await connectDevice(laptop)).state).toBe("connected");
  });

  it("is not cut off again by the next wish", async () => {
    const { token } = await ada.connectInfo();
    const { paired } = await ada.devices();
    expect(paired).toHaveLength(1);
    await host.put(ada.id, ada.spec(4, { access_version: 1 }));
    await host.ready(ada.id);
    expect((await ada.connectInfo()).token).toBe(token);
    expect((await ada.devices()).paired.map(({ deviceId }) => deviceId)).toEqual(
      paired.map(({ deviceId }) => deviceId),
    );
  });

  it("lets nobody of before in with a backup of before either", async () => {
    expect((await ada.call("POST", `/v1/storage/restore`, RestoreResult, { id: backup.id })).ok).toBe(true);
    await host.ready(ada.id);
    expect((await ada.devices()).paired).toEqual([]);
    expect(await refusals()).toEqual(["refused", "refused"]);
  });

  it("stays closed to devices when its host is killed before the devices of before are gone", async () => {
    const { url, token } = await ada.connectInfo();
    const device = await pair({ url, token, identity: newDeviceIdentity(), profile: CLI_PROFILE });
    await host.put(ada.id, ada.spec(5, { access_version: 2 }));
    await host.end("SIGKILL");
    await host.start();
    await host.ready(ada.id);
    expect((await ada.devices()).paired).toEqual([]);
    expect(await connectDevice(device)).toMatchObject({ state: "refused" });
  });
});

/** A code for pairing a node at once, made as `openclaw` on the instance's state would make it. */
async function setupCode(host: TestHost, { id }: TestInstance): Promise<string> {
  const program = `
    import { issueDeviceBootstrapToken } from "openclaw/plugin-sdk/device-bootstrap";
    console.log(JSON.stringify(await issueDeviceBootstrapToken({ profile: { roles: ["node"], scopes: [] } })));
  `;
  const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module", "-e", program], {
    cwd: import.meta.dirname,
    env: { ...process.env, OPENCLAW_STATE_DIR: join(host.dataDir, "instances", id, "state") },
  });
  return z.object({ token: z.string() }).parse(JSON.parse(stdout)).token;
}
