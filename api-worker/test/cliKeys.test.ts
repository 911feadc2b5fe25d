import { CliKey, CliKeyCreated, CliKeyInfo, CliKeyList, CliKeyRevoked, CliMe } from "@oa/contract";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { isCheckedToken } from "../src/checkedToken.ts";
import { sha256Hex } from "../src/secretEqual.ts";
import { cliData, cliErrorOf } from "./support/cli.ts";
import { editorOf, terminalOf } from "./support/people.ts";
import type { Sender } from "./support/people.ts";
import { matching, openWorld } from "./support/world.ts";
import type { TestWorld } from "./support/world.ts";

let world: TestWorld;
let ada: Sender;
beforeEach(async () => {
  world = await openWorld();
  ada = (await terminalOf(world, "ada")).send;
});

const create = async (body: object = { name: "my-app" }) => cliData(CliKeyCreated, await ada("POST", "/keys", body));
const stored = async () => (await world.state()).convex.credits.keys;
const DAY_MS = 24 * 60 * 60 * 1000;

describe.each(["", "/v1"])("keys under %s/keys", (base) => {
  it("are made, listed, looked at, changed, rotated and revoked", async () => {
    const wish = { name: "my-app", credit_limit: 10, limit_reset: "monthly", expires_at: "2099-12-31" };
    const answer = await ada("POST", `${base}/keys`, wish);
    expect(answer.status).toBe(201);
    const made = cliData(CliKeyCreated, answer);
    expect(made).toMatchObject({
      hash: matching(/^[0-9a-f]{16}$/),
      name: "my-app",
      credit_limit: 10,
      limit_reset: "monthly",
      expires_at: "2099-12-31T00:00:00.000Z",
      usage: 0.004275,
      disabled: false,
      rotated_at: null,
    });
    expect(isCheckedToken("sk-prov-", made.key)).toBe(true);

    const listed = cliData(CliKeyList, await ada("GET", `${base}/keys`));
    expect(listed).toMatchObject({ total: 1, items: [{ hash: made.hash, prefix: made.key.slice(0, 12) }] });
    const info = cliData(CliKeyInfo, await ada("GET", `${base}/keys/${made.hash}`));
    expect(info).toMatchObject({ usage_daily: 0.004275, usage_monthly: 0.004275, requests_count: 2 });
    expect(info.model_usage).toEqual([{ model: "gpt-5", requests: 2, tokens: 1514, cost: 0.004275 }]);

    const change = { credit_limit: null, disabled: true, name: "renamed" };
    const changed = cliData(CliKey, await ada("PATCH", `${base}/keys/${made.hash}`, change));
    expect(changed).toMatchObject({ credit_limit: null, disabled: true, name: "renamed", limit_reset: "monthly" });

    const rotated = cliData(
      CliKeyCreated,
      await ada("POST", `${base}/keys/${made.hash}/rotate`, { grace_seconds: 60 }),
    );
    expect(rotated).toMatchObject({ hash: made.hash, name: "renamed", rotated_at: matching(/^\d{4}-/) });
    expect(rotated.key).not.toBe(made.key);
    const [row] = await stored();
    expect([row?.secret_hash, row?.graced_hash]).toEqual([sha256Hex(rotated.key), sha256Hex(made.key)]);

    const revoked = cliData(CliKeyRevoked, await ada("DELETE", `${base}/keys/${made.hash}`));
    expect(revoked).toMatchObject({ hash: made.hash, revoked: true });
    expect(cliData(CliKeyList, await ada("GET", `${base}/keys`)).total).toBe(0);
    const all = cliData(CliKeyList, await ada("GET", `${base}/keys?include_revoked=true`));
    expect(all.items).toMatchObject([{ hash: made.hash, revoked_at: revoked.revoked_at }]);
  });

  it("have names for what went wrong", async () => {
    const { hash } = cliData(CliKeyCreated, await ada("POST", `${base}/keys`, { name: "my-app" }));
    const again = await ada("POST", `${base}/keys`, { name: "my-app" });
    expect([again.status, cliErrorOf(again)]).toEqual([409, "KEY_NAME_EXISTS"]);
    await ada("DELETE", `${base}/keys/${hash}`);
    const gone = {
      twice: await ada("DELETE", `${base}/keys/${hash}`),
      rotate: await ada("POST", `${base}/keys/${hash}/rotate`, {}),
      change: await ada("PATCH", `${base}/keys/${hash}`, { disabled: true }),
    };
    expect([gone.twice.status, cliErrorOf(gone.twice)]).toEqual([410, "KEY_ALREADY_REVOKED"]);
    for (const answer of [gone.rotate, gone.change]) {
      expect([answer.status, cliErrorOf(answer)]).toEqual([410, "KEY_REVOKED"]);
    }
  });
});

it("another's key and one that never was are told apart by nobody", async () => {
  const { hash } = await create();
  const bob = (await terminalOf(world, "bob")).send;
  const of = (target: string) =>
    Promise.all([
      bob("GET", `/keys/${target}`),
      bob("PATCH", `/keys/${target}`, { disabled: true }),
      bob("DELETE", `/keys/${target}`),
      bob("POST", `/keys/${target}/rotate`, {}),
    ]);
  const foreign = await of(hash);
  const unknown = await of("0000000000000000");
  expect(foreign.map(({ status, text }) => [status, text])).toEqual(unknown.map(({ status, text }) => [status, text]));
  expect(foreign.map(cliErrorOf)).toEqual(Array.from({ length: 4 }, () => "KEY_NOT_FOUND"));
  expect((await stored())[0]?.key).toMatchObject({ disabled: false, revoked_at: null });
});

describe("what is refused as INVALID_INPUT", () => {
  const name = "my-app";
  it.each([
    {},
    { name: "" },
    { name: "x".repeat(101) },
    { name: " leading" },
    { name: "=cmd()" },
    { name: "a/b" },
    { name: ["my-app"] },
    { name, credit_limit: "10" },
    { name, credit_limit: -5 },
    { name, credit_limit: 1e300 },
    { name, credit_limit: { usd: 5 } },
    { name, limit_reset: "hourly" },
    { name, expires_at: "tomorrow" },
    { name, expires_at: "2020-01-01" },
    { name, expires_at: 4102358400000 },
    { name, disabled: true },
    { name, secret_hash: "0".repeat(64) },
    [],
    "no json",
    '{"name":"my-app","credit_limit":NaN}',
  ])("POST /keys %j", async (body) => {
    const answer = await ada("POST", "/keys", body);
    expect([answer.status, cliErrorOf(answer)]).toEqual([400, "INVALID_INPUT"]);
    expect(await stored()).toEqual([]);
  });

  it.each([
    {},
    { credit_limit: "10" },
    { credit_limit: -1 },
    { credit_limit: undefined },
    { limit_reset: "never" },
    { disabled: "yes" },
    { name: null },
    { expires_at: new Date(Date.now() - 1000).toISOString() },
    { hash: "0000000000000000" },
    { usage: 0 },
  ])("PATCH /keys/{hash} %j", async (body) => {
    const { hash } = await create();
    const before = await stored();
    const answer = await ada("PATCH", `/keys/${hash}`, body);
    expect([answer.status, cliErrorOf(answer)]).toEqual([400, "INVALID_INPUT"]);
    expect(await stored()).toEqual(before);
  });

  it.each([
    { grace_seconds: -1 },
    { grace_seconds: 86_401 },
    { grace_seconds: "60" },
    { grace_seconds: 0.5 },
    { x: 1 },
  ])("POST /keys/{hash}/rotate %j", async (body) => {
    const { hash, key } = await create();
    expect(cliErrorOf(await ada("POST", `/keys/${hash}/rotate`, body))).toBe("INVALID_INPUT");
    expect((await stored())[0]?.secret_hash).toBe(sha256Hex(key));
  });

  it.each(["nonsense", "0123456789ABCDEF", "0123456789abcdef0"])("a hash like %s", async (hash) => {
    expect(cliErrorOf(await ada("GET", `/keys/${hash}`))).toBe("INVALID_INPUT");
  });

  it("a list that asks for something else than true or false", async () => {
    expect(cliErrorOf(await ada("GET", "/keys?include_revoked=yes"))).toBe("INVALID_INPUT");
  });
});

it("a limit of 0 is kept as one: the key may spend nothing; null and none are no limit", async () => {
  await create({ name: "none", credit_limit: 0 });
  await create({ name: "a" });
  await create({ name: "b", credit_limit: null });
  await create({ name: "cents", credit_limit: 0.000001 });
  expect((await stored()).map(({ key }) => key.credit_limit_microusd)).toEqual([0, null, null, 1]);
});

it("a name is free again once its key is revoked", async () => {
  const first = await create();
  await ada("DELETE", `/keys/${first.hash}`);
  expect((await create()).hash).not.toBe(first.hash);
});

describe("the secret", () => {
  it("is stored as its hash, and is in no second answer and no log", async () => {
    const lines: string[] = [];
    const write = (...parts: unknown[]) => void lines.push(parts.join(" "));
    const spies = (["log", "error", "warn", "info"] as const).map((level) =>
      vi.spyOn(console, level).mockImplementation(write),
    );
    const made = await create();
    const rotated = cliData(CliKeyCreated, await ada("POST", `/keys/${made.hash}/rotate`, {}));
    const later = [
      await ada("GET", "/keys"),
      await ada("GET", `/keys/${made.hash}`),
      await ada("PATCH", `/keys/${made.hash}`, { disabled: false }),
      await ada("DELETE", `/keys/${made.hash}`),
    ];
    for (const spy of spies) spy.mockRestore();
    const state = JSON.stringify(await world.state());
    for (const { key } of [made, rotated]) {
      for (const { text } of later) expect(text).not.toContain(key);
      for (const { text } of later) expect(text).not.toContain(sha256Hex(key));
      expect(lines.length).toBeGreaterThan(0);
      expect(lines.join("\n")).not.toContain(key.slice(0, 20));
      expect(state).not.toContain(key);
    }
  });

  it("is still shown where Convex made the key and its answer was lost", async () => {
    await world.fault("convex", { path: "/control/keys", method: "POST", fault: { kind: "lost_reply" }, times: 1 });
    const made = await create();
    expect((await stored()).map(({ secret_hash }) => secret_hash)).toEqual([sha256Hex(made.key)]);
    await world.fault("convex", { path: "/control/keys/rotate", fault: { kind: "lost_reply" }, times: 1 });
    const rotated = cliData(CliKeyCreated, await ada("POST", `/keys/${made.hash}/rotate`, {}));
    expect((await stored())[0]?.secret_hash).toBe(sha256Hex(rotated.key));
  });

  it("is not shown where the key was not made", async () => {
    await world.fault("convex", { path: "/control/keys", method: "POST", fault: { kind: "html" } });
    const answer = await ada("POST", "/keys", { name: "my-app" });
    expect([answer.status, cliErrorOf(answer)]).toEqual([502, "CONTROL_UNREACHABLE"]);
    expect(answer.text).not.toContain("sk-prov-");
  });
});

it("the hosted OpenClaw's own key is not rotated by hand, and the answer says why", async () => {
  const { hash } = await create();
  await world.set(["convex", "credits", "keys", "0", "key", "instance_id"], "inst00000001");
  const answer = await ada("POST", `/keys/${hash}/rotate`, {});
  expect([answer.status, cliErrorOf(answer)]).toEqual([409, "CONFLICT"]);
  expect(answer.text).toContain("rotated with its OpenClaw");
});

it("every act is on the record, under the key's hash, as done in a terminal", async () => {
  const { hash } = await create();
  await ada("PATCH", `/keys/${hash}`, { expires_at: new Date(Date.now() + DAY_MS).toISOString() });
  await ada("POST", `/keys/${hash}/rotate`, {});
  await ada("DELETE", `/keys/${hash}`);
  await ada("DELETE", `/keys/${hash}`);
  const { audit } = (await world.state()).convex;
  expect(audit.map(({ action, result, code }) => [action, result, code])).toEqual([
    ["key.create", "started", null],
    ["key.create", "ok", null],
    ["key.update", "started", null],
    ["key.update", "ok", null],
    ["key.rotate", "started", null],
    ["key.rotate", "ok", null],
    ["key.revoke", "started", null],
    ["key.revoke", "ok", null],
    ["key.revoke", "started", null],
    ["key.revoke", "failed", "expired"],
  ]);
  for (const row of audit) {
    expect(row).toMatchObject({ via: "terminal", actor: "ada", subject_user_id: "ada", target: hash });
  }
});

it("new secrets are limited, so that nobody fills the store with revoked keys", async () => {
  const { hash } = await create();
  await ada("POST", `/keys/${hash}/rotate`, {});
  const limit = { name: "provisioned_key_user", key: "ada" };
  expect((await world.state()).convex.limits).toEqual([limit, limit]);
  await world.set(["convex", "retryAfterMs"], 30_000);
  const answer = await ada("POST", "/keys", { name: "another" });
  expect([answer.status, cliErrorOf(answer), answer.headers.get("retry-after")]).toEqual([429, "RATE_LIMITED", "30"]);
  expect(await stored()).toHaveLength(1);
});

describe("a program that asks about its own key", () => {
  const self = async (token: string, base = "") =>
    await world.send("GET", `${base}/key`, { headers: { authorization: `Bearer ${token}` } });

  it("learns its limits and what it spent, with the key itself and nothing else", async () => {
    const { key, hash } = await create({ name: "my-app", credit_limit: 1, limit_reset: "daily" });
    for (const base of ["", "/v1"]) {
      const info = await self(key, base);
      expect(cliData(CliKeyInfo, info)).toMatchObject({ hash, credit_limit: 1, usage_daily: 0.004275 });
      expect(info.text).not.toContain(key);
    }
    const foreign = (await ada("GET", "/key")).text;
    const jwt = await (await editorOf(world, "ada"))("GET", "/key");
    expect([cliErrorOf(jwt), jwt.text.includes(hash)]).toEqual(["UNAUTHORIZED", false]);
    expect(foreign).toContain("UNAUTHORIZED");
  });

  it("learns why it may not go on", async () => {
    const { key, hash } = await create();
    await ada("PATCH", `/keys/${hash}`, { disabled: true });
    expect(cliErrorOf(await self(key))).toBe("KEY_DISABLED");
    await ada("DELETE", `/keys/${hash}`);
    expect(cliErrorOf(await self(key))).toBe("KEY_REVOKED");
    expect(cliErrorOf(await self(`${key.slice(0, -1)}x`))).toBe("UNAUTHORIZED");
  });
});

it("whoami counts the living keys", async () => {
  const { hash } = await create();
  await create({ name: "another" });
  await ada("DELETE", `/keys/${hash}`);
  for (const base of ["", "/v1"]) {
    expect(cliData(CliMe, await ada("GET", `${base}/auth/me`))).toMatchObject({ user_id: "ada", keys_count: 1 });
  }
});
