import { describe, expect, it } from "vitest";
import { InstanceAccepted } from "@oa/contract";
import { containing, openWorld } from "./support/world.ts";
import type { TestWorld } from "./support/world.ts";

const create = (world: TestWorld, user = "ada") => world.as(user, "POST", "/api/openclaw/instance", {});

async function rowOf(world: TestWorld, user = "ada") {
  const row = (await world.state()).convex.instances.find((row) => row.user_id === user);
  if (row === undefined) throw new Error(`${user} has no row`);
  return row;
}

const stepsOf = (row: Awaited<ReturnType<typeof rowOf>>) =>
  Object.fromEntries(row.steps.map((step) => [step.name, step.state]));

describe("creating an OpenClaw on a runtime host", () => {
  it("answers 202 at once, and passes bring the row to ready with every step told", async () => {
    const world = await openWorld();
    const accepted = await create(world);
    expect(accepted.status).toBe(202);
    expect(accepted.data(InstanceAccepted).instance.status).toBe("provisioning");

    const { last, passes } = await world.drive("ada");
    expect(last).toEqual({ outcome: "settled" });
    // The PUT and one look a phase: none of them waited inside the request.
    expect(passes).toBe(4);
    const row = await rowOf(world);
    expect(row.status).toBe("ready");
    expect(row.last_ready_at).not.toBeNull();
    expect(stepsOf(row)).toEqual({
      claim: "done",
      service_token: "done",
      storage: "skipped",
      inference_key: "skipped",
      runtime: "done",
      gateway_boot: "done",
      health: "done",
      ready: "done",
    });
    expect(row.runtime_name).toBe(`oc-${row.instance_id}`);
    expect(row.runtime_url).toBe(`${world.addresses.fleet}/i/${row.instance_id}`);
    expect(row.version).toBe("2026.9.6");
  });

  it("writes the runtime's name and bucket down before the fleet hears of it", async () => {
    const world = await openWorld({ OPENCLAW_RUNTIME_NAME_PREFIX: "acme", OPENCLAW_R2_BUCKET_PREFIX: "acme-backups" });
    await create(world);
    await world.fault("fleet", { path: "/fleet", fault: { kind: "html" }, times: 1 });
    expect(await world.pass("ada")).toMatchObject({ outcome: "retry" });
    expect((await world.state()).fleet.puts).toEqual([]);
    const row = await rowOf(world);
    expect(row.runtime_name).toBe(`acme-${row.instance_id}`);
    expect(row.r2_bucket_name).toBe(`acme-backups-${row.instance_id}`);
    expect(stepsOf(row)["storage"]).toBe("done");
  });

  it("makes one service token, with prefix and checksum, and hands the same one to the fleet (R1, R3)", async () => {
    const world = await openWorld();
    await create(world);
    await create(world, "bob");
    await Promise.all([world.pass("ada"), world.pass("ada"), world.pass("ada")]);
    await world.drive("bob");
    const { convex, fleet } = await world.state();
    const ada = convex.secrets["ada/service_token"];
    expect(ada).toMatch(/^oc_svc_[0-9A-Za-z]{49}$/);
    expect(convex.secrets["bob/service_token"]).not.toBe(ada);
    const row = await rowOf(world);
    const handed = fleet.puts
      .filter(({ id }) => id === row.instance_id)
      .map(({ spec }) => spec.env.OPENAGENTS_SERVICE_TOKEN);
    expect(new Set(handed)).toEqual(new Set([ada]));
  });

  it("goes on after a crash at any write, with one token and one runtime (R5)", async () => {
    // Every fault is an effect whose answer was lost: what a Worker killed at that point leaves behind.
    const lost = { kind: "lost_reply" } as const;
    const points = [
      { part: "convex", path: "/control/openclaw/instance/secret", method: "POST" },
      { part: "convex", path: "/control/openclaw/instance/secret", method: "GET" },
      { part: "convex", path: "/control/openclaw/instance/step", method: "POST" },
      { part: "convex", path: "/control/openclaw/instance/status", method: "POST" },
      { part: "convex", path: "/control/openclaw/instance", method: "POST" },
      { part: "fleet", path: "/fleet", method: "PUT" },
      { part: "fleet", path: "/fleet", method: "GET" },
    ] as const;
    for (const { part, path, method } of points) {
      const world = await openWorld();
      await create(world);
      await world.fault(part, { path, method, fault: lost, times: 1 });
      const { instance_id, generation } = await rowOf(world);
      let outcome = "";
      for (let passes = 0; passes < 10 && outcome !== "settled"; passes += 1) {
        const answer = await world.send("POST", "/internal/openclaw/reconcile", {
          headers: { "x-oa-internal-key": "internal-key-of-the-tests" },
          body: { instance_id, generation },
        });
        outcome = /"outcome":"(\w+)"/.exec(answer.text)?.[1] ?? "";
      }
      expect({ part, path, method, outcome }).toEqual({ part, path, method, outcome: "settled" });
      const { convex, fleet } = await world.state();
      expect((await rowOf(world)).status).toBe("ready");
      expect(Object.keys(fleet.machines)).toEqual([instance_id]);
      expect(fleet.machines[instance_id]?.spec.env.OPENAGENTS_SERVICE_TOKEN).toBe(convex.secrets["ada/service_token"]);
    }
  });

  it("waits with a reason while the runtime host is down, and finishes when it is back", async () => {
    const world = await openWorld();
    await create(world);
    await world.fault("fleet", { path: "/fleet", fault: { kind: "html" }, times: 2 });
    expect(await world.pass("ada")).toEqual({
      outcome: "retry",
      reason: containing("runtime host does not answer"),
    });
    const row = await rowOf(world);
    expect(row.status).toBe("provisioning");
    expect(row.steps.find((step) => step.name === "runtime")).toMatchObject({
      state: "running",
      detail: containing("asked again"),
    });
    expect(await world.pass("ada")).toMatchObject({ outcome: "retry" });
    expect((await world.drive("ada")).last).toEqual({ outcome: "settled" });
  });

  it("never makes a runtime anew on a 5xx of the fleet, only on its 404", async () => {
    const world = await openWorld();
    await create(world);
    await world.drive("ada");
    await world.fault("fleet", {
      path: "/fleet",
      method: "GET",
      fault: { kind: "refuse", status: 500, code: "internal" },
      times: 1,
    });
    expect(await world.pass("ada")).toMatchObject({ outcome: "retry" });
    expect((await world.state()).fleet.puts).toHaveLength(1);

    await world.set(["fleet", "machines"], {});
    expect(await world.pass("ada")).toMatchObject({ outcome: "continue" });
    expect((await world.state()).fleet.puts).toHaveLength(2);
    await world.set(["convex", "instances"], [{ ...(await rowOf(world)), status: "degraded" }]);
    expect((await world.drive("ada")).last).toEqual({ outcome: "settled" });
    expect((await rowOf(world)).status).toBe("ready");
  });

  it("ends with the fleet's reason where the fleet gives up for good", async () => {
    const world = await openWorld();
    await create(world);
    await world.set(["fleet", "trouble"], {
      reason: "OpenClaw refuses its configuration (exit code 78).",
      final: true,
    });
    expect((await world.drive("ada")).last).toEqual({
      outcome: "failed",
      reason: "OpenClaw refuses its configuration (exit code 78).",
    });
    expect(stepsOf(await rowOf(world))["gateway_boot"]).toBe("failed");
  });

  it("is not ready before the runtime itself says so with our token", async () => {
    const world = await openWorld();
    await create(world);
    await world.set(["fleet", "health"], { ok: false, failing: ["startup-sidecars"] });
    await world.set(["fleet", "climb"], ["ready"]);
    expect(await world.pass("ada")).toMatchObject({
      outcome: "continue",
      reason: containing("startup-sidecars"),
    });
    expect((await rowOf(world)).status).toBe("provisioning");
    await world.set(["fleet", "health"], { ok: true, failing: [] });
    expect(await world.pass("ada")).toEqual({ outcome: "settled" });
  });

  it("drops a drive that is older than the row, and one the fleet has overtaken", async () => {
    const world = await openWorld();
    await create(world);
    await world.drive("ada");
    const row = await rowOf(world);
    const headers = { "x-oa-internal-key": "internal-key-of-the-tests" };
    const body = { instance_id: row.instance_id, generation: 7 };
    expect((await world.send("POST", "/internal/openclaw/reconcile", { headers, body })).text).toContain(
      '"outcome":"stale"',
    );
    const machine = (await world.state()).fleet.machines[row.instance_id];
    await world.set(["fleet", "machines", row.instance_id, "spec"], { ...machine?.spec, generation: 9 });
    expect(await world.pass("ada")).toEqual({ outcome: "stale" });
  });
});

describe("a refusal of Convex in the middle of a pass", () => {
  it.each([
    ["stale_generation", 409, "stale"],
    ["no_instance", 404, "stale"],
    ["taken", 409, "failed"],
    ["secret_corrupt", 500, "failed"],
    ["invalid_request", 400, "failed"],
    ["conflict", 409, "retry"],
    ["invalid_transition", 409, "retry"],
    ["not_configured", 503, "retry"],
  ])("%s (%i) ends the drive as %s, and nothing is put", async (code, status, outcome) => {
    const world = await openWorld();
    await create(world);
    await world.fault("convex", { path: "/control/openclaw/instance/secret", fault: { kind: "refuse", status, code } });
    expect(await world.pass("ada")).toMatchObject({ outcome });
    expect((await world.state()).fleet.puts).toEqual([]);
  });

  it("a step that belongs to an older generation ends it as stale", async () => {
    const world = await openWorld();
    await create(world);
    const body = { ok: true, data: { recorded: false } };
    await world.fault("convex", {
      path: "/control/openclaw/instance/step",
      fault: { kind: "json", status: 200, body },
    });
    expect(await world.pass("ada")).toEqual({ outcome: "stale" });
  });
});

describe("stopping and deleting", () => {
  it("stops the gateway and says stopped only when it is", async () => {
    const world = await openWorld();
    await create(world);
    await world.drive("ada");
    await world.as("ada", "POST", "/api/openclaw/instance", { desired: "stopped" });
    expect(await world.pass("ada")).toMatchObject({ outcome: "continue" });
    expect((await rowOf(world)).status).toBe("stopping");
    expect((await world.drive("ada")).last).toEqual({ outcome: "settled" });
    expect((await rowOf(world)).status).toBe("stopped");
    expect((await world.state()).fleet.puts.at(-1)?.spec).toMatchObject({ desired: "stopped", generation: 2 });

    await create(world);
    expect((await world.drive("ada")).last).toEqual({ outcome: "settled" });
    expect((await rowOf(world)).status).toBe("ready");
  });

  it("stops what has no credit, under the same wish, and starts it under the next", async () => {
    const world = await openWorld();
    await create(world);
    await world.drive("ada");
    await world.set(["convex", "instances"], [{ ...(await rowOf(world)), status: "suspended" }]);
    expect((await world.drive("ada")).last).toEqual({ outcome: "settled" });
    const { instance_id } = await rowOf(world);
    expect((await world.state()).fleet.machines[instance_id]).toMatchObject({ phase: "stopped" });
    expect((await world.state()).fleet.puts.at(-1)?.spec).toMatchObject({ desired: "stopped", generation: 1 });
    const asleep = await rowOf(world);
    expect(asleep.status).toBe("suspended");

    // As Convex wakes it: a new generation.
    await world.set(["convex", "instances"], [{ ...asleep, status: "provisioning", generation: 2 }]);
    expect((await world.drive("ada")).last).toEqual({ outcome: "settled" });
    expect((await rowOf(world)).status).toBe("ready");
    expect((await world.state()).fleet.puts.at(-1)?.spec).toMatchObject({ desired: "running", generation: 2 });
  });

  it("hands a claimed account's OpenClaw over: every wish after the claim tells the fleet that it changed hands", async () => {
    const world = await openWorld();
    await create(world);
    await world.drive("ada");
    // As Convex claims an account: a stop of its own, and another version.
    const claimed = { desired: "stopped", status: "stopping", generation: 2, access_version: 1, steps: [] };
    await world.set(["convex", "instances"], [{ ...(await rowOf(world)), ...claimed }]);
    expect((await world.drive("ada")).last).toEqual({ outcome: "settled" });
    await create(world);
    expect((await world.drive("ada")).last).toEqual({ outcome: "settled" });
    const told = (await world.state()).fleet.puts.map(({ spec }) => [
      spec.generation,
      spec.desired,
      spec.access_version,
    ]);
    expect(told).toEqual([
      [1, "running", undefined],
      [2, "stopped", 1],
      [3, "running", 1],
    ]);
  });

  it("stops what never ran without making anything", async () => {
    const world = await openWorld();
    await create(world);
    await world.as("ada", "POST", "/api/openclaw/instance", { desired: "stopped" });
    expect(await world.pass("ada")).toEqual({ outcome: "settled" });
    const { fleet, convex } = await world.state();
    expect(fleet.puts).toEqual([]);
    expect(convex.secrets).toEqual({});
  });

  it("deletes in two phases, and says deleted only when nothing is left", async () => {
    const world = await openWorld();
    await create(world);
    await world.drive("ada");
    expect((await world.as("ada", "DELETE", "/api/openclaw/instance")).status).toBe(202);
    await world.fault("fleet", { path: "/fleet", method: "DELETE", fault: { kind: "html" }, times: 1 });
    expect(await world.pass("ada")).toMatchObject({ outcome: "retry" });
    expect(await world.pass("ada")).toMatchObject({ outcome: "continue" });
    expect((await rowOf(world)).status).toBe("deleting");
    expect(await world.pass("ada")).toEqual({ outcome: "settled" });
    expect((await rowOf(world)).status).toBe("deleted");
    expect((await world.state()).fleet.machines).toEqual({});
    expect((await world.as("ada", "GET", "/api/openclaw/runtime/status")).error().code).toBe("no_instance");
  });
});

describe("fleet static: a runtime someone else runs", () => {
  const token = "a-token-from-the-environment";

  it("uses the configured runtime and token, for one user only (R3)", async () => {
    const world = await openWorld();
    world.env["OPENCLAW_RUNTIME_URL"] = `${world.addresses.fleet}/one`;
    world.env["OPENCLAW_SERVICE_TOKEN"] = token;
    await create(world);
    expect((await world.drive("ada")).last).toEqual({ outcome: "settled" });
    expect((await world.state()).convex.secrets["ada/service_token"]).toBe(token);
    expect((await rowOf(world)).runtime_url).toBe(`${world.addresses.fleet}/one`);

    const calls = (await world.state()).fleet.runtimeCalls.length;
    await create(world, "bob");
    expect(await world.pass("bob")).toMatchObject({
      outcome: "failed",
      reason: containing("another user"),
    });
    // Bob's claim on the address was refused before anything was asked of Ada's runtime.
    expect((await world.state()).fleet.runtimeCalls).toHaveLength(calls);
  });

  it("gives users whose names look alike runtimes of their own (R4, R7)", async () => {
    const world = await openWorld();
    world.env["OPENCLAW_RUNTIME_URL_TEMPLATE"] = `${world.addresses.fleet}/users/{user_id}`;
    const users = ["a_b", "a.b", "a-b", "A.b", "a|b", "a@b", "a+b", "a:b"];
    for (const user of users) {
      await create(world, user);
      await world.drive(user);
    }
    const { instances } = (await world.state()).convex;
    expect(instances.map((row) => row.status)).toEqual(users.map(() => "ready"));
    for (const field of ["runtime_url", "runtime_name"] as const)
      expect(new Set(instances.map((row) => row[field])).size).toBe(users.length);
  });

  it("a stop lets go of the runtime, which goes on elsewhere", async () => {
    const world = await openWorld();
    world.env["OPENCLAW_RUNTIME_URL"] = `${world.addresses.fleet}/one`;
    await create(world);
    await world.drive("ada");
    await world.as("ada", "POST", "/api/openclaw/instance", { desired: "stopped" });
    expect(await world.pass("ada")).toEqual({ outcome: "settled" });
    expect((await rowOf(world)).status).toBe("stopped");
    await world.as("ada", "DELETE", "/api/openclaw/instance");
    expect(await world.pass("ada")).toEqual({ outcome: "settled" });
  });
});
