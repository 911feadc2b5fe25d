import { ADMIN_PATHS, DeviceDecision, DeviceLists, InstanceAccepted, RestartResult, observed } from "@oa/contract";
import { beforeEach, describe, expect, it } from "vitest";
import { sha256Hex } from "../src/secretEqual.ts";
import { ORIGIN, openWorld } from "./support/world.ts";
import type { TestWorld } from "./support/world.ts";

const DEVICE = {
  requestId: "req-1",
  deviceId: "dev-1",
  client: { id: "openclaw-ios", mode: "ui", platform: "ios" },
  role: "operator",
  scopes: ["operator.read"],
  requestedAt: 1,
  expiresAt: 300_001,
};
const TOKEN = "t".repeat(43);

let world: TestWorld;
/** Ada has an instance; "user1" sits at a browser, and is an administrator. */
beforeEach(async () => {
  world = await openWorld();
  await world.as("ada", "POST", "/api/openclaw/instance", {});
  await world.drive("ada");
  const user = { user_id: "user1", email: "root@example.com", created_at: 1 };
  await world.set(["convex", "users"], [{ user, password_hash: "" }]);
  await world.set(["convex", "sessions", sha256Hex(TOKEN)], { user_id: "user1", user_agent: null, ip: null });
  await world.set(["convex", "isAdmin"], true);
});

const act = (method: string, path: string, requestId = "req-1") =>
  world.send(method, path.replace("{userId}", "ada").replace("{requestId}", requestId), {
    headers: { cookie: `__Host-sid=${TOKEN}`, origin: ORIGIN },
  });

const acts = [
  ["POST", ADMIN_PATHS.stop, "admin.instance.stop"],
  ["POST", ADMIN_PATHS.restart, "admin.runtime.restart"],
  ["DELETE", ADMIN_PATHS.instance, "admin.instance.delete"],
  ["POST", ADMIN_PATHS.deviceApprove, "admin.device.approve"],
  ["POST", ADMIN_PATHS.deviceReject, "admin.device.reject"],
] as const;

describe("an administrator acts for a user", () => {
  it.each(acts)("%s %s is on the record with both their names", async (method, path, action) => {
    const instance = (await world.state()).convex.instances[0]?.instance_id ?? "";
    await world.set(["fleet", "machines", instance, "pending"], [DEVICE]);
    expect((await act(method, path)).status).toBeLessThan(300);
    const { audit } = (await world.state()).convex;
    expect(audit.filter((row) => row.action === action)).toMatchObject([
      { actor: "user1", subject_user_id: "ada", via: "session", result: "started" },
      { actor: "user1", subject_user_id: "ada", via: "session", result: "ok" },
    ]);
  });

  it.each([...acts, ["GET", ADMIN_PATHS.devices, ""] as const])(
    "%s %s is refused to anyone else, and nothing happens",
    async (method, path) => {
      await world.set(["convex", "isAdmin"], false);
      expect((await act(method, path)).error().code).toBe("forbidden");
      const { convex } = await world.state();
      expect(convex.audit.filter(({ action }) => action.startsWith("admin"))).toEqual([]);
      expect(convex.instances[0]?.desired).toBe("running");
    },
  );

  it.each(["crm:ada@example.com", "auth0|5f7c", "a.b+c", "x".repeat(128)])(
    "reaches %s, a trusted service's own user",
    async (id) => {
      await world.as(id, "POST", "/api/openclaw/instance", {});
      const path = ADMIN_PATHS.stop.replace("{userId}", encodeURIComponent(id));
      expect((await act("POST", path)).data(InstanceAccepted).instance.desired).toBe("stopped");
      const { convex } = await world.state();
      expect(convex.instances.map(({ user_id, desired }) => [user_id, desired])).toEqual([
        ["ada", "running"],
        [id, "stopped"],
      ]);
    },
  );

  it.each(["..%2fbob", "a%2Fb", "a b", "%00", "-a", "a%0d%0ax-oa-control-key:%20x", "x".repeat(129)])(
    "takes %s for nobody's id",
    async (id) => {
      const answer = await act("POST", ADMIN_PATHS.stop.replace("{userId}", id));
      expect([400, 404]).toContain(answer.status);
      expect((await world.state()).convex.audit.filter(({ action }) => action.startsWith("admin"))).toEqual([]);
    },
  );

  it("sees their devices, decides on one, restarts and stops", async () => {
    const instance = (await world.state()).convex.instances[0]?.instance_id ?? "";
    await world.set(["fleet", "machines", instance, "pending"], [DEVICE]);
    const listed = (await act("GET", ADMIN_PATHS.devices)).data(observed(DeviceLists));
    expect(listed.data.pending).toEqual([DEVICE]);
    expect((await act("POST", ADMIN_PATHS.deviceApprove, "no-such")).error().code).toBe("not_found");
    (await act("POST", ADMIN_PATHS.deviceApprove)).data(DeviceDecision);
    (await act("POST", ADMIN_PATHS.restart)).data(RestartResult);
    const stopped = (await act("POST", ADMIN_PATHS.stop)).data(InstanceAccepted);
    expect(stopped.instance.desired).toBe("stopped");
  });
});
