import { CONTROL_KEY_HEADER, CONTROL_PATHS, ErrorEnvelope } from "@oa/contract";
import { describe, expect, it, vi } from "vitest";
import { CONTROL_ROUTES } from "../http/routes.ts";
import { Control } from "./control.testing.ts";
import { CONTROL_KEY, setupTest } from "./setup.testing.ts";

const METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"] as const;
const PATHS = Object.entries(CONTROL_PATHS);

/** Every method of every path, and paths that are not there. */
const EVERYTHING = [
  ...PATHS.map(([, path]) => path),
  "/control/",
  "/control/openclaw",
  "/control/openclaw/instance/secret/all",
].flatMap((path) => METHODS.map((method) => [method, path] as const));

describe("the control key (R10)", () => {
  it.each([
    ["no key", {}],
    ["a wrong key", { [CONTROL_KEY_HEADER]: "wrong" }],
    ["an empty key", { [CONTROL_KEY_HEADER]: "" }],
    ["the key with a letter more", { [CONTROL_KEY_HEADER]: `${CONTROL_KEY}x` }],
    ["the key in another header", { authorization: `Bearer ${CONTROL_KEY}` }],
  ])("%s: every method of every path answers 401 alike, and does nothing", async (_name, headers) => {
    const t = setupTest();
    const bodies = new Set<string>();
    for (const [method, path] of EVERYTHING) {
      const body = method === "GET" ? {} : { body: JSON.stringify({ user_id: "user-1", desired: "running" }) };
      const answer = await t.fetch(path, { method, headers, ...body });
      expect([method, path, answer.status]).toEqual([method, path, 401]);
      expect(answer.headers.get("access-control-allow-origin")).toBeNull();
      bodies.add(await answer.text());
    }
    expect(bodies.size).toBe(1);
    expect(await t.run(async (ctx) => await ctx.db.query("openclaw_instances").collect())).toEqual([]);
  });

  it("the key in the query is no key", async () => {
    const t = setupTest();
    const answer = await t.fetch(`${CONTROL_PATHS.instance}?user_id=u1&${CONTROL_KEY_HEADER}=${CONTROL_KEY}`);
    expect(answer.status).toBe(401);
  });

  it.each(["", undefined])("not configured (%j): 500 that names the variable, for every caller", async (value) => {
    const t = setupTest();
    vi.stubEnv("OA_CONTROL_KEY", value);
    for (const headers of [{}, { [CONTROL_KEY_HEADER]: "" }, { [CONTROL_KEY_HEADER]: CONTROL_KEY }]) {
      const answer = await t.fetch(`${CONTROL_PATHS.instance}?user_id=u1`, { headers });
      expect(answer.status).toBe(500);
      expect(ErrorEnvelope.parse(await answer.json()).error).toMatchObject({
        code: "internal",
        details: { variables: ["OA_CONTROL_KEY"] },
      });
    }
  });
});

describe("with the key", () => {
  it.each(PATHS)("%s (%s) answers to its methods, and 405 to all others", async (name, path) => {
    const control = new Control(setupTest());
    const routes = new Map(Object.entries(CONTROL_ROUTES));
    const allowed = Object.keys(routes.get(name) ?? {});
    expect(allowed.length).toBeGreaterThan(0);
    for (const method of METHODS) {
      const answer = await control.send(path, { method });
      const expected = !allowed.includes(method);
      expect([method, answer.status === 405]).toEqual([method, expected]);
      expect([method, answer.headers.get("allow")]).toEqual([method, expected ? allowed.join(", ") : null]);
    }
  });

  it.each(METHODS)("%s of a path that is not there is 404 in the envelope", async (method) => {
    const control = new Control(setupTest());
    expect(await control.refusal("/control/openclaw/instances", { method })).toMatchObject({
      status: 404,
      code: "not_found",
    });
  });

  it.each([
    ["not JSON", "{", "invalid_request", 400],
    ["a list", "[]", "invalid_request", 400],
    ["null", "null", "invalid_request", 400],
    ["half a megabyte and one byte", `"${"x".repeat(512 * 1024 - 1)}"`, "payload_too_large", 413],
  ])("a body that is %s is refused before anything is done", async (_name, body, code, status) => {
    const control = new Control(setupTest());
    expect(await control.refusal(CONTROL_PATHS.instanceClaim, { user: "user-1", body })).toMatchObject({
      code,
      status,
    });
    expect(await control.maybeInstance("user-1")).toBeNull();
  });

  it("each field that does not fit is named", async () => {
    const control = new Control(setupTest());
    const body = { instance_id: "UPPER", generation: 0, step: "nap", state: "done", detail: null };
    const refused = await control.refusal(CONTROL_PATHS.instanceStep, { body });
    expect(refused).toMatchObject({ status: 400, code: "invalid_request" });
    const issues = JSON.stringify(refused.details);
    for (const field of ["instance_id", "generation", "step"]) expect(issues).toContain(`"${field}"`);
  });

  it("two users in one request are refused, and nothing is written for either (R8)", async () => {
    const control = new Control(setupTest());
    const requests = [
      { user: "alice", body: { desired: "running", user_id: "bob" } },
      { user: "alice", query: { user_id: "bob" }, body: { desired: "running" } },
      { query: { user_id: "alice" }, body: { desired: "running", userId: "bob" } },
    ];
    for (const request of requests) {
      expect(await control.refusal(CONTROL_PATHS.instanceClaim, request)).toMatchObject({
        status: 400,
        code: "user_mismatch",
      });
    }
    expect(await control.maybeInstance("alice")).toBeNull();
    expect(await control.maybeInstance("bob")).toBeNull();
  });

  it.each([
    ["the header", { user: "user-1", body: { desired: "running" } }],
    ["the query", { query: { user_id: "user-1" }, body: { desired: "running" } }],
    ["the query, as userId", { query: { userId: "user-1" }, body: { desired: "running" } }],
    ["the body", { body: { desired: "running", user_id: "user-1" } }],
    ["the body, as userId", { body: { desired: "running", userId: "user-1" } }],
  ])("the user may be named in %s", async (_name, request) => {
    const control = new Control(setupTest());
    expect((await control.send(CONTROL_PATHS.instanceClaim, request)).status).toBe(200);
    expect((await control.instance("user-1")).user_id).toBe("user-1");
  });

  it("a request id comes back as it was; without a fit one there is a new one", async () => {
    const control = new Control(setupTest());
    const send = async (id: string) =>
      (await control.send(CONTROL_PATHS.instance, { user: "u1", headers: { "x-request-id": id } })).headers.get(
        "x-request-id",
      );
    expect(await send("req-1.2_3")).toBe("req-1.2_3");
    expect(await send("a b<script>")).toMatch(/^[0-9a-f-]{36}$/);
    expect(await send("x".repeat(129))).toMatch(/^[0-9a-f-]{36}$/);
  });

  it("no answer may be kept on the way, refusals neither", async () => {
    const control = new Control(setupTest());
    for (const request of [{ user: "u1" }, {}]) {
      const answer = await control.send(CONTROL_PATHS.instance, request);
      expect(answer.headers.get("cache-control")).toBe("no-store");
    }
  });
});

it("the Worker's acts are written to the audit log, the same one once", async () => {
  const t = setupTest();
  const control = new Control(t);
  const event = {
    act_id: "act-00000001",
    actor: "user-1",
    via: "session",
    subject_user_id: "user-1",
    action: "device.approve",
    target: "req-1",
    result: "started",
    code: null,
    ip: null,
    request_id: "r-1",
  };
  for (const body of [event, event, { ...event, result: "ok" }]) {
    const answer = await control.send(CONTROL_PATHS.auditEvents, { body });
    expect(await answer.json()).toEqual({ ok: true, data: { recorded: true } });
  }
  const lines = await t.run(async (ctx) => await ctx.db.query("audit_log").collect());
  expect(lines.map(({ action, result }) => [action, result])).toEqual([
    ["device.approve", "started"],
    ["device.approve", "ok"],
  ]);
});
