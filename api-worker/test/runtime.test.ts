import { beforeEach, describe, expect, it } from "vitest";
import {
  BackupResult,
  ConnectInfo,
  DeviceDecision,
  DeviceLists,
  LogPage,
  RestartResult,
  RuntimeStatus,
  observed,
} from "@oa/contract";
import * as z from "zod";
import { ROUTES } from "../src/routes/index.ts";
import { RAW_WORDS } from "./support/faults.ts";
import type { Fault } from "./support/faults.ts";
import { FLEET_HEADERS, openWorld } from "./support/world.ts";
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

let world: TestWorld;
let instanceId: string;

async function ready(user: string): Promise<string> {
  await world.as(user, "POST", "/api/openclaw/instance", {});
  await world.drive(user);
  const row = (await world.state()).convex.instances.find((row) => row.user_id === user);
  expect(row?.status).toBe("ready");
  return row?.instance_id ?? "";
}

beforeEach(async () => {
  world = await openWorld();
  instanceId = await ready("ada");
});

describe("a person's own runtime", () => {
  it("is asked with its own token, and answers with the time it was true; Convex gets the same picture", async () => {
    const answer = await world.as("ada", "GET", "/api/openclaw/runtime/status");
    const { observed_at, data } = answer.data(observed(RuntimeStatus));
    expect(data.gateway.status).toBe("running");
    expect(Math.abs(Date.now() - observed_at)).toBeLessThan(60_000);
    expect(answer.text).not.toContain("undeclared");
    const { convex, fleet } = await world.state();
    expect(convex.observations).toMatchObject([
      { instance_id: instanceId, generation: 1, observed_at, gateway: { status: "running", reason: null } },
    ]);
    expect(convex.observations[0]?.jobs).toEqual(data.jobs);
    expect(data.jobs?.running?.phase).toBe("verifying");
    expect(fleet.runtimeCalls.at(-1)?.token).toBe(convex.secrets["ada/service_token"]);
    expect(answer.text).not.toContain("oc_svc_");
  });

  it("lists devices, and a decision on one is audited and mirrored", async () => {
    await world.set(["fleet", "machines", instanceId, "pending"], [DEVICE]);
    const listed = await world.as("ada", "GET", "/api/openclaw/runtime/devices");
    expect(listed.data(observed(DeviceLists)).data.pending).toEqual([DEVICE]);

    const approved = await world.as("ada", "POST", "/api/openclaw/runtime/devices/req-1/approve");
    expect(approved.data(DeviceDecision)).toEqual({ approved: true, requestId: "req-1" });
    const { convex } = await world.state();
    expect(convex.observations.at(-1)?.devices?.pending).toEqual([]);
    const rows = convex.audit.filter((row) => row.action === "device.approve");
    expect(rows).toMatchObject([
      {
        result: "started",
        target: "req-1",
        subject_user_id: "ada",
        actor: "internal-key",
        via: "internal",
        code: null,
      },
      { result: "ok", target: "req-1", code: null },
    ]);
    expect(rows[0]?.act_id).toBe(rows[1]?.act_id);
  });

  it("restarts, backs up, restores, shows logs and how to connect", async () => {
    expect((await world.as("ada", "POST", "/api/openclaw/runtime/restart")).data(RestartResult).gateway.pid).toBe(8);
    expect((await world.as("ada", "POST", "/api/openclaw/runtime/backup")).data(BackupResult).id).toBe("b1");
    expect((await world.as("ada", "GET", "/api/openclaw/runtime/backups")).text).toContain('"backups":[]');
    expect((await world.as("ada", "POST", "/api/openclaw/runtime/restore", { id: "b1" })).text).toContain(
      '"replaced":"b2"',
    );
    expect((await world.as("ada", "GET", "/api/openclaw/runtime/logs?since=41")).data(LogPage).next).toBe(41);
    const connect = await world.as("ada", "POST", "/api/openclaw/runtime/connect");
    expect(connect.data(ConnectInfo).token).toBe(`gateway-token-of-${instanceId}`);
    expect(connect.headers.get("cache-control")).toBe("no-store");
    const acts = (await world.state()).convex.audit.map(({ action, result }) => `${action} ${result}`);
    for (const action of [
      "instance.create",
      "runtime.restart",
      "runtime.backup",
      "runtime.restore",
      "runtime.connect",
    ]) {
      expect(acts).toContain(`${action} started`);
      expect(acts).toContain(`${action} ok`);
    }
  });

  it("has no second way in: another user's ids answer as ids nobody has", async () => {
    await world.set(["fleet", "machines", instanceId, "pending"], [DEVICE]);
    await ready("bob");
    for (const verb of ["approve", "reject"]) {
      const foreign = await world.as("bob", "POST", `/api/openclaw/runtime/devices/req-1/${verb}`);
      const unknown = await world.as("bob", "POST", `/api/openclaw/runtime/devices/no-such/${verb}`);
      expect([foreign.status, foreign.text]).toEqual([404, unknown.text]);
    }
    const foreign = await world.as("bob", "DELETE", "/api/openclaw/runtime/devices/dev-1");
    const unknown = await world.as("bob", "DELETE", "/api/openclaw/runtime/devices/no-such");
    expect([foreign.status, foreign.text]).toEqual([404, unknown.text]);
    expect((await world.state()).fleet.machines[instanceId]?.pending).toHaveLength(1);
  });

  it("keeps an id one segment of the runtime's path, whatever it holds (R7)", async () => {
    const before = (await world.state()).fleet.runtimeCalls.length;
    const ids = [
      "..%2Fgateway",
      "%2e%2e",
      "a%2Fb",
      "a;b",
      "a%0Ab",
      "a%00",
      "a%3Fx=1",
      "a%23",
      "%C3%A9",
      "a b",
      "x".repeat(65),
      "%E0%A4%A",
    ];
    for (const id of ids) {
      const answer = await world.as("ada", "POST", `/api/openclaw/runtime/devices/${id}/approve`);
      expect([400, 404]).toContain(answer.status);
    }
    expect((await world.state()).fleet.runtimeCalls).toHaveLength(before);
    expect((await world.as("ada", "GET", "/api/openclaw/runtime/logs?since=1%26x")).error().code).toBe(
      "invalid_request",
    );
  });

  it("is where configuration says, whatever the row says: no other address is ever asked (R7)", async () => {
    const { canary } = world.addresses;
    const { port, host } = new URL(canary);
    const elsewhere = [
      canary,
      `${canary}/i/${instanceId}`,
      `http://user:pass@${host}/`,
      `${world.addresses.fleet}@${host}/`,
      `http://localhost:${port}/`,
      `http://[::ffff:127.0.0.1]:${port}/`,
      `http://2130706433:${port}/`,
      `http://0x7f.1:${port}/`,
      `http://127.0.0.1.:${port}/`,
      `${world.addresses.fleet}.evil.example/`,
      "http://169.254.169.254/latest/meta-data/",
      `file:///etc/passwd`,
    ];
    for (const runtime_url of elsewhere) {
      const { instances } = (await world.state()).convex;
      await world.set(
        ["convex", "instances"],
        instances.map((row) => Object.assign(row, { runtime_url })),
      );
      expect((await world.as("ada", "GET", "/api/openclaw/runtime/status")).status).toBe(200);
    }
    expect((await world.state()).canary).toEqual([]);
    // And the next look at the instance writes the right one back.
    expect((await world.drive("ada")).last).toEqual({ outcome: "settled" });
    expect((await world.state()).convex.instances[0]?.runtime_url).toBe(`${world.addresses.fleet}/i/${instanceId}`);
  });
});

describe("a runtime that is not there yet", () => {
  it("is 404 before there is an instance, and 409 until it has a token and an address", async () => {
    const path = "/api/openclaw/runtime/status";
    expect((await world.as("eve", "GET", path)).error().code).toBe("no_instance");
    expect((await world.as("eve", "DELETE", "/api/openclaw/instance")).error().code).toBe("no_instance");
    expect((await world.as("eve", "POST", "/api/openclaw/instance", { desired: "stopped" })).error().code).toBe(
      "no_instance",
    );
    await world.as("eve", "POST", "/api/openclaw/instance", {});
    const answer = await world.as("eve", "GET", path);
    expect([answer.status, answer.error().code]).toEqual([409, "runtime_not_ready"]);
  });
});

describe("a runtime that misbehaves (R11)", () => {
  const silent: Fault[] = [
    { kind: "html" },
    { kind: "big" },
    { kind: "lost_reply" },
    { kind: "json", status: 200, body: { hello: RAW_WORDS } },
    { kind: "json", status: 200, body: { ok: true, data: { gateway: RAW_WORDS } } },
    { kind: "json", status: 500, body: { error: RAW_WORDS } },
    { kind: "refuse", status: 500, code: "a_code_of_its_own" },
  ];

  const runtimeRoutes = ROUTES.filter((route) => route.path.startsWith("/api/openclaw/runtime/"));

  it.each(runtimeRoutes.map((route) => [`${route.method} ${route.path}`, route] as const))(
    "%s answers 502 with a fixed sentence",
    async (_name, route) => {
      const sentences = new Set<string>();
      for (const fault of silent) {
        await world.set(["faults", "fleet"], [{ path: "/i/", fault }]);
        const answer = await world.as(
          "ada",
          route.method,
          route.path.replaceAll(/\{\w+\}/g, "req-1"),
          route.path.endsWith("restore") ? { id: "b1" } : undefined,
        );
        expect([fault.kind, answer.status, answer.error().code]).toEqual([fault.kind, 502, "runtime_unreachable"]);
        expect(answer.text).not.toContain("raw words");
        sentences.add(answer.error().message);
      }
      expect(sentences.size).toBe(1);
    },
  );

  it("does not follow it anywhere", async () => {
    await world.fault("fleet", { path: "/i/", fault: { kind: "redirect", to: world.addresses.canary } });
    for (const [method, path] of [
      ["GET", "status"],
      ["POST", "backup"],
      ["POST", "restart"],
    ] as const) {
      expect((await world.as("ada", method, `/api/openclaw/runtime/${path}`)).error().code).toBe("runtime_unreachable");
    }
    expect((await world.state()).canary).toEqual([]);
  });

  it("is given up on after ten seconds, whether it is silent or drips", async () => {
    await world.fault("fleet", { path: "/i/", method: "GET", fault: { kind: "hang" }, times: 1 });
    await world.fault("fleet", { path: "/i/", method: "GET", fault: { kind: "drip" }, times: 1 });
    const paths = ["status", "devices"] as const;
    const answers = await Promise.all(paths.map((path) => world.as("ada", "GET", `/api/openclaw/runtime/${path}`)));
    expect(answers.map((answer) => answer.error().code)).toEqual(["runtime_unreachable", "runtime_unreachable"]);
  });

  it("may be older than the control plane: what it does not tell yet is missing, not an error", async () => {
    const older = {
      gateway: { status: "running", restarts: 0 },
      lastBackup: null,
      container: { instanceType: "process" },
      version: { openclaw: "2026.9.6", runtime: "0" },
      health: { ok: true, failing: [] },
    };
    await world.fault("fleet", {
      path: "/i/",
      fault: { kind: "json", status: 200, body: { ok: true, data: older } },
      times: 1,
    });
    const answer = await world.as("ada", "GET", "/api/openclaw/runtime/status");
    expect(answer.data(observed(RuntimeStatus)).data).toEqual(older);
  });

  it("passes its own no on by code, in our words", async () => {
    const codes = {
      not_found: 404,
      expired: 410,
      busy: 409,
      backup_corrupt: 422,
      conflict: 409,
      gateway_unavailable: 503,
    };
    for (const [code, status] of Object.entries(codes)) {
      await world.set(["faults", "fleet"], [{ path: "/i/", fault: { kind: "refuse", status, code } }]);
      const answer = await world.as("ada", "POST", "/api/openclaw/runtime/restore", { id: "b1" });
      expect([answer.status, answer.error().code]).toEqual([status, code]);
      expect(answer.text).not.toContain("raw words");
    }
    const rows = (await world.state()).convex.audit.filter(
      (row) => row.action === "runtime.restore" && row.result === "failed",
    );
    expect(rows.map((row) => row.code)).toEqual(Object.keys(codes));
  });

  it("says of any other no only that there was one", async () => {
    for (const [status, code] of [
      [401, "unauthorized"],
      [500, "internal"],
      [400, "invalid_request"],
    ] as const) {
      await world.set(["faults", "fleet"], [{ path: "/i/", fault: { kind: "refuse", status, code } }]);
      const answer = await world.as("ada", "POST", "/api/openclaw/runtime/restart");
      expect(answer.error()).toMatchObject({ code: "runtime_error", details: { code } });
      expect(answer.text).not.toContain("raw words");
    }
  });
});

describe("a control plane that misbehaves", () => {
  const faults: Fault[] = [
    { kind: "html" },
    { kind: "big" },
    { kind: "json", status: 500, body: { trace: RAW_WORDS } },
    { kind: "refuse", status: 500, code: "internal" },
    { kind: "refuse", status: 401, code: "unauthorized" },
  ];

  it.each(faults)("is a 502 with a fixed sentence: $kind", async (fault) => {
    await world.fault("convex", { path: "/control", fault });
    for (const path of ["/api/openclaw/instance", "/api/openclaw/billing/summary", "/api/openclaw/runtime/status"]) {
      const answer = await world.as("ada", "GET", path);
      expect([answer.status, answer.error().code]).toEqual([502, "control_unreachable"]);
      expect(answer.text).not.toContain("raw words");
    }
  });

  it("is asked twice for a read and once for a write when the connection breaks", async () => {
    await world.fault("convex", { path: "/control/openclaw/billing", fault: { kind: "lost_reply" }, times: 1 });
    expect((await world.as("ada", "GET", "/api/openclaw/billing/summary")).status).toBe(200);
    await world.fault("convex", { path: "/control/openclaw/instance/claim", fault: { kind: "lost_reply" }, times: 1 });
    expect((await world.as("ada", "DELETE", "/api/openclaw/instance")).error().code).toBe("control_unreachable");
  });

  it("lets nothing happen that it cannot write down first", async () => {
    await world.fault("convex", { path: "/control/audit", fault: { kind: "html" }, times: 1 });
    const before = (await world.state()).fleet.runtimeCalls.length;
    expect((await world.as("ada", "POST", "/api/openclaw/runtime/restart")).error().code).toBe("control_unreachable");
    expect((await world.state()).fleet.runtimeCalls).toHaveLength(before);
    expect((await world.as("ada", "DELETE", "/api/openclaw/instance")).status).toBe(202);
  });

  it("does not undo in words what was done when only the closing row is lost", async () => {
    await world.as("ada", "GET", "/api/openclaw/runtime/status");
    await world.fault("convex", {
      path: "/control/audit",
      fault: { kind: "json", status: 200, body: { ok: true, data: {} } },
      times: 1,
    });
    await world.fault("convex", { path: "/control/audit", fault: { kind: "html" }, times: 1 });
    expect((await world.as("ada", "POST", "/api/openclaw/runtime/restart")).status).toBe(200);
  });
});

describe("what a fleet reports", () => {
  it("reaches Convex as an observation; an older incarnation's does not", async () => {
    const event = {
      instance_id: instanceId,
      generation: 1,
      observed_at: 5,
      gateway: { status: "running", reason: null },
      devices: { pending: [DEVICE], paired: [] },
      jobs: {
        at: 5,
        running: null,
        last: { id: "j1", kind: "restart", startedAt: 2, endedAt: 4, result: "failed", reason: "It does not start." },
      },
    };
    const send = (body: unknown) => world.send("POST", "/internal/openclaw/events", { headers: FLEET_HEADERS, body });
    const Accepted = z.object({ accepted: z.boolean() });
    expect((await send(event)).data(Accepted)).toEqual({ accepted: true });
    expect((await send({ ...event, generation: 9 })).data(Accepted)).toEqual({ accepted: false });
    expect((await send({ ...event, instance_id: "../x" })).error().code).toBe("invalid_request");
    expect((await send("x".repeat(1024 * 1024 + 1))).error().code).toBe("payload_too_large");
    expect((await world.state()).convex.observations).toEqual([event]);
  });
});
