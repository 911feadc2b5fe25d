import {
  CONTROL_PATHS,
  type CreateKey,
  KeyAnswer,
  KeyInfoAnswer,
  KeyList,
  KeyStanding,
  type ProvisionedKey,
  type ProvisionedKeyInfo,
} from "@oa/contract";
import { describe, expect, it, vi } from "vitest";
import type * as z from "zod";
import { api, internal } from "../_generated/api.js";
import { windowAt } from "../lib/spendWindows.ts";
import { type Customer, customer, settle as letJobsRun } from "./credits.testing.ts";
import { apply, DOLLAR_CALL, dollarCall, expireAt, granted, refused, settleOp } from "./spending.testing.ts";

const HOUR_MS = 60 * 60 * 1000;

/** Sixteen and sixty-four hexadecimal digits that tell keys and secrets apart. */
const hash = (number: number) => String(number).padStart(16, "0");
const secret = (number: number) => String(number).padStart(64, "0");

function wish(number: number, more: Partial<z.input<typeof CreateKey>> = {}) {
  return {
    hash: hash(number),
    secret_hash: secret(number),
    prefix: `sk-prov-${number}`,
    name: `key-${number}`,
    credit_limit_microusd: null,
    limit_reset: null,
    expires_at: null,
    ...more,
  };
}

/** Someone with $5.00, and what they do with keys. */
async function owner(email?: string, of?: Customer) {
  const who = await customer(email, of?.t);
  const user = who.id;
  const request = (body: unknown, method?: "DELETE") => ({ user, body, ...(method && { method }) });
  const asking = async (path: string, body: unknown, method?: "DELETE"): Promise<ProvisionedKey> => {
    return (await who.control.ask(KeyAnswer, path, request(body, method))).key;
  };
  const refusal = async (path: string, body: unknown, method?: "DELETE") =>
    await who.control.refusal(path, request(body, method));
  return {
    who,
    t: who.t,
    make: async (number: number, more?: Partial<z.input<typeof CreateKey>>) =>
      await asking(CONTROL_PATHS.keys, wish(number, more)),
    notMade: async (number: number, more?: Partial<z.input<typeof CreateKey>>) =>
      await refusal(CONTROL_PATHS.keys, wish(number, more)),
    change: async (number: number, change: object) =>
      await asking(CONTROL_PATHS.key, { hash: hash(number), ...change }),
    notChanged: async (number: number, change: object) =>
      await refusal(CONTROL_PATHS.key, { hash: hash(number), ...change }),
    revoke: async (key: string) => await asking(CONTROL_PATHS.key, { hash: key }, "DELETE"),
    notRevoked: async (key: string) => await refusal(CONTROL_PATHS.key, { hash: key }, "DELETE"),
    rotate: async (number: number, next: number, grace_s = 0) =>
      await asking(CONTROL_PATHS.keyRotate, {
        hash: hash(number),
        next_hash: secret(next),
        next_prefix: `sk-prov-${next}`,
        grace_s,
      }),
    notRotated: async (key: string, next: number) =>
      await refusal(CONTROL_PATHS.keyRotate, {
        hash: key,
        next_hash: secret(next),
        next_prefix: "sk-prov-",
        grace_s: 0,
      }),
    instanceKey: async (instance_id: string, number: number) =>
      await asking(CONTROL_PATHS.keyInstance, {
        instance_id,
        hash: hash(number),
        secret_hash: secret(number),
        prefix: `sk-prov-${number}`,
      }),
    keys: async (include_revoked = "false") =>
      (await who.control.ask(KeyList, CONTROL_PATHS.keys, { user, query: { include_revoked } })).keys,
    info: async (number: number): Promise<ProvisionedKeyInfo> =>
      (await who.control.ask(KeyInfoAnswer, CONTROL_PATHS.key, { user, query: { hash: hash(number) } })).key,
    state: async (number: number) => {
      const body = { secret_hash: secret(number) };
      return (await who.control.ask(KeyStanding, CONTROL_PATHS.keyResolve, { body })).key?.state ?? null;
    },
  };
}

describe("making a key", () => {
  it("shows it in the list, newest first, with nothing spent", async () => {
    const ada = await owner();
    await ada.make(1);
    const made = await ada.make(2, { credit_limit_microusd: 1_000_000, limit_reset: "daily" });
    expect(made).toMatchObject({
      hash: hash(2),
      name: "key-2",
      prefix: "sk-prov-2",
      instance_id: null,
      credit_limit_microusd: 1_000_000,
      limit_reset: "daily",
      usage_microusd: 0,
      held_microusd: 0,
      requests_count: 0,
      revoked_at: null,
      resets_at: windowAt("daily", Date.now()).endsAt,
    });
    expect((await ada.keys()).map(({ name }) => name)).toEqual(["key-2", "key-1"]);
    expect(JSON.stringify(await ada.keys())).not.toContain(secret(2));
  });

  it("asked twice makes it once", async () => {
    const ada = await owner();
    expect(await ada.make(1)).toEqual(await ada.make(1));
    expect(await ada.keys()).toHaveLength(1);
  });

  it("refuses a name a living key has; a revoked one's is free again", async () => {
    const ada = await owner();
    await ada.make(1, { name: "my app" });
    expect(await ada.notMade(2, { name: "my app" })).toMatchObject({ status: 409, code: "taken" });
    await ada.revoke(hash(1));
    expect((await ada.make(2, { name: "my app" })).name).toBe("my app");
    const bob = await owner("bob@example.com", ada.who);
    expect((await bob.make(3, { name: "my app" })).name).toBe("my app");
  });

  it("refuses the name of the hosted OpenClaw's key", async () => {
    expect(await (await owner()).notMade(1, { name: "Hosted OpenClaw" })).toMatchObject({ code: "taken" });
  });

  it.each([
    ["a hash", { hash: hash(1) }],
    ["a secret", { secret_hash: secret(1) }],
  ])("refuses %s that is in use", async (_name, same) => {
    const ada = await owner();
    await ada.make(1);
    expect(await ada.notMade(2, same)).toMatchObject({ status: 409, code: "conflict" });
  });

  it.each([
    ["a negative limit", { credit_limit_microusd: -1 }],
    ["a limit that is no whole number", { credit_limit_microusd: 0.5 }],
    ["an end that has passed", { expires_at: 1 }],
    ["a name with a line break", { name: "my\napp" }],
    ["no name", { name: "" }],
  ])("refuses %s", async (_name, more) => {
    expect(await (await owner()).notMade(1, more)).toMatchObject({ status: 400, code: "invalid_request" });
  });

  it("stops at a hundred living keys", async () => {
    const ada = await owner();
    for (let number = 1; number <= 100; number += 1) await ada.make(number);
    expect(await ada.notMade(101)).toMatchObject({ status: 409, code: "conflict" });
    await ada.revoke(hash(50));
    await ada.make(101);
    expect(await ada.keys()).toHaveLength(100);
    expect(await ada.keys("true")).toHaveLength(101);
  });
});

describe("whose key it is", () => {
  it("is told by its secret alone, and nobody's is nobody's", async () => {
    const ada = await owner();
    await ada.make(1);
    const standing = await ada.who.control.ask(KeyStanding, CONTROL_PATHS.keyResolve, {
      body: { secret_hash: secret(1) },
    });
    expect(standing.key).toEqual({ hash: hash(1), user_id: ada.who.id, instance_id: null, state: "active" });
    expect(await ada.state(2)).toBeNull();
  });

  it("ended keys are told apart", async () => {
    const ada = await owner();
    for (const number of [1, 2, 3]) await ada.make(number);
    await ada.revoke(hash(1));
    await ada.change(2, { disabled: true });
    await ada.change(3, { expires_at: Date.now() + HOUR_MS });
    await ada.t.run(async (ctx) => {
      const row = await ctx.db
        .query("provisioned_keys")
        .withIndex("by_key_id", (q) => q.eq("key_id", hash(3)))
        .unique();
      if (row !== null) await ctx.db.patch("provisioned_keys", row._id, { expires_at: Date.now() - 1 });
    });
    expect([await ada.state(1), await ada.state(2), await ada.state(3)]).toEqual(["revoked", "disabled", "expired"]);
    for (const [number, code] of [
      [1, "key_revoked"],
      [2, "key_disabled"],
      [3, "key_expired"],
    ] as const) {
      expect(await refused(ada.who, dollarCall(number, { key_id: hash(number) }))).toMatchObject({ code });
    }
  });

  it("another person's key spends nothing of mine", async () => {
    const ada = await owner();
    const bob = await owner("bob@example.com", ada.who);
    await bob.make(1);
    expect(await refused(ada.who, dollarCall(1, { key_id: hash(1) }))).toMatchObject({ code: "key_revoked" });
  });

  it("another person's key is as unknown as one that never was", async () => {
    const ada = await owner();
    const bob = await owner("bob@example.com", ada.who);
    await bob.make(1);
    const unknown = { status: 404, code: "not_found", message: "There is no such key." };
    expect(await ada.notRevoked(hash(1))).toEqual(unknown);
    expect(await ada.notRevoked(hash(2))).toEqual(unknown);
    expect(await ada.notChanged(1, { disabled: true })).toEqual(unknown);
    expect(await ada.notRotated(hash(1), 9)).toEqual(unknown);
    expect(await bob.state(1)).toBe("active");
  });
});

describe("changing a key", () => {
  it("changes what is named and leaves the rest", async () => {
    const ada = await owner();
    await ada.make(1, { credit_limit_microusd: 5, limit_reset: "weekly" });
    expect(await ada.change(1, { name: "renamed", credit_limit_microusd: null })).toMatchObject({
      name: "renamed",
      credit_limit_microusd: null,
      limit_reset: "weekly",
    });
    const end = Date.now() + HOUR_MS;
    expect((await ada.change(1, { expires_at: end })).expires_at).toBe(end);
    expect((await ada.change(1, { expires_at: null })).expires_at).toBeNull();
  });

  it("of nothing is refused", async () => {
    const ada = await owner();
    await ada.make(1);
    expect(await ada.notChanged(1, {})).toMatchObject({ status: 400, code: "invalid_request" });
  });

  it("cannot take another key's name, and may keep its own", async () => {
    const ada = await owner();
    await ada.make(1);
    await ada.make(2);
    expect(await ada.notChanged(2, { name: "key-1" })).toMatchObject({ code: "taken" });
    expect((await ada.change(2, { name: "key-2" })).name).toBe("key-2");
  });

  it("that was revoked is refused, as are its rotation and a second revocation", async () => {
    const ada = await owner();
    await ada.make(1);
    await ada.revoke(hash(1));
    const gone = { status: 410, code: "expired" };
    expect(await ada.notChanged(1, { disabled: true })).toMatchObject(gone);
    expect(await ada.notRotated(hash(1), 9)).toMatchObject(gone);
    expect(await ada.notRevoked(hash(1))).toMatchObject(gone);
  });
});

describe("a new secret", () => {
  it("puts the one of before out of force at once, and the hash stays", async () => {
    const ada = await owner();
    await ada.make(1);
    const rotated = await ada.rotate(1, 2);
    expect(rotated).toMatchObject({ hash: hash(1), prefix: "sk-prov-2" });
    expect(rotated.rotated_at).not.toBeNull();
    expect([await ada.state(1), await ada.state(2)]).toEqual(["revoked", "active"]);
  });

  it("with a grace leaves the one of before good until it is over", async () => {
    const ada = await owner();
    await ada.make(1);
    await ada.rotate(1, 2, 3600);
    expect([await ada.state(1), await ada.state(2)]).toEqual(["active", "active"]);
    const later = { secret_hash: secret(1), now: Date.now() + HOUR_MS + 1 };
    expect((await ada.t.query(internal.provisionedKeys.resolve, later)).key?.state).toBe("revoked");
    await ada.rotate(1, 3);
    expect([await ada.state(1), await ada.state(2), await ada.state(3)]).toEqual([null, "revoked", "active"]);
  });

  it("ends calls with the one of before at once, also where a Worker still takes it for good", async () => {
    const ada = await owner();
    await ada.make(1);
    const call = (number: number, of: number) =>
      dollarCall(number, { key_id: hash(1), secret_hash: secret(of), max_output_tokens: 10 });
    await granted(ada.who, call(1, 1));
    await ada.rotate(1, 2);
    expect(await refused(ada.who, call(2, 1))).toMatchObject({ code: "key_revoked" });
    await granted(ada.who, call(3, 2));
    await ada.rotate(1, 3, 3600);
    await granted(ada.who, call(4, 2));
    await granted(ada.who, call(5, 3));
    expect(await refused(ada.who, call(6, 1))).toMatchObject({ code: "key_revoked" });
    // What is under way is settled all the same.
    expect(await apply(ada.who, settleOp(1, { input: 1000 }))).toMatchObject({ result: "settled" });
  });

  it("given twice is given once: the grace of before is not lost", async () => {
    const ada = await owner();
    await ada.make(1);
    await ada.rotate(1, 2, 3600);
    await ada.rotate(1, 2, 3600);
    expect([await ada.state(1), await ada.state(2)]).toEqual(["active", "active"]);
  });

  it("of another key is refused", async () => {
    const ada = await owner();
    await ada.make(1);
    await ada.make(2);
    expect(await ada.notRotated(hash(1), 2)).toMatchObject({ code: "conflict" });
  });
});

describe("what a key spends", () => {
  it("is in its day, week and month, by model, and as held while a call is under way", async () => {
    const ada = await owner();
    await ada.make(1);
    await granted(ada.who, dollarCall(1, { key_id: hash(1) }));
    expect(await ada.info(1)).toMatchObject({ held_microusd: DOLLAR_CALL, usage_microusd: 0, requests_count: 0 });
    await apply(ada.who, settleOp(1, { input: 1000, output: 500 }));
    await granted(ada.who, dollarCall(2, { key_id: hash(1), model: "gpt-4o-mini" }));
    await apply(ada.who, settleOp(2, { input: 10, output: 20 }));
    await granted(ada.who, dollarCall(3));
    await apply(ada.who, settleOp(3, { input: 1000, output: 1000 }));
    const spent = {
      held_microusd: 0,
      usage_microusd: 7514,
      usage_daily_microusd: 7514,
      usage_weekly_microusd: 7514,
      usage_monthly_microusd: 7514,
      usage_day: new Date().toISOString().slice(0, 10),
      requests_count: 2,
      model_usage: [
        { model: "gpt-4o", requests: 1, tokens: 1500, cost_microusd: 7500 },
        { model: "gpt-4o-mini", requests: 1, tokens: 30, cost_microusd: 14 },
      ],
    };
    expect(await ada.info(1)).toMatchObject(spent);
    await ada.t.mutation(internal.usageRollup.rollUp, { before: Date.now() + 1000 });
    await letJobsRun(ada.t);
    expect(await ada.info(1)).toMatchObject(spent);
    expect((await ada.info(1)).last_used_at).not.toBeNull();
  });

  it("is none of the next day's, also before a call has come on it", async () => {
    vi.useFakeTimers({ now: Date.parse("2026-11-29T23:59:00Z"), toFake: ["Date"] });
    try {
      const ada = await owner();
      await ada.make(1);
      await granted(ada.who, dollarCall(1, { key_id: hash(1) }));
      await apply(ada.who, settleOp(1, { input: 1000, output: 500 }));
      expect(await ada.info(1)).toMatchObject({ usage_day: "2026-11-29", usage_daily_microusd: 7500 });
      vi.setSystemTime(Date.parse("2026-11-30T00:00:01Z"));
      expect(await ada.info(1)).toMatchObject({
        usage_day: "2026-11-30",
        usage_daily_microusd: 0,
        usage_weekly_microusd: 0,
        usage_monthly_microusd: 7500,
      });
    } finally {
      vi.useRealTimers();
    }
  });

  it("is bounded by $1 a day, however many calls come at once", async () => {
    const ada = await owner();
    await ada.make(1, { credit_limit_microusd: 1_000_000, limit_reset: "daily" });
    const results = await Promise.all(
      Array.from(
        { length: 20 },
        async (_, number) => await apply(ada.who, dollarCall(number, { key_id: hash(1), max_output_tokens: 20_000 })),
      ),
    );
    // $0.2025 each.
    expect(results.filter(({ result }) => result === "granted")).toHaveLength(4);
    const refusals = results.filter((result) => result.result === "refused");
    expect(refusals.every(({ code, limit_source }) => code === "credit_limit_exceeded" && limit_source === "key")).toBe(
      true,
    );
    expect(refusals[0]?.reset_at).toBe(windowAt("daily", Date.now()).endsAt);
    expect((await ada.info(1)).held_microusd).toBe(810_000);
  });

  it("counts what is under way against the limit, and what was given back no longer", async () => {
    const ada = await owner();
    await ada.make(1, { credit_limit_microusd: DOLLAR_CALL });
    await granted(ada.who, dollarCall(1, { key_id: hash(1) }));
    expect(await refused(ada.who, dollarCall(2, { key_id: hash(1) }))).toMatchObject({ code: "credit_limit_exceeded" });
    await apply(ada.who, { op: "void", hold_id: dollarCall(1).hold_id, reason: "upstream said no" });
    await granted(ada.who, dollarCall(3, { key_id: hash(1) }));
  });

  it("a revoked key's call under way is charged to it all the same", async () => {
    const ada = await owner();
    await ada.make(1);
    await granted(ada.who, dollarCall(1, { key_id: hash(1) }));
    await ada.revoke(hash(1));
    await apply(ada.who, settleOp(1, { input: 1000 }));
    expect(await ada.info(1)).toMatchObject({ usage_microusd: 2500, held_microusd: 0, requests_count: 1 });
  });

  it("nobody ended is charged to it when its time is over", async () => {
    const ada = await owner();
    await ada.make(1);
    await granted(ada.who, dollarCall(1, { key_id: hash(1) }));
    await expireAt(ada.who, Date.now() + 61_000);
    expect(await ada.info(1)).toMatchObject({ usage_microusd: 2500, held_microusd: 0, requests_count: 1 });
  });

  it("is live on its owner's page, and on nobody else's", async () => {
    const ada = await owner();
    const bob = await owner("bob@example.com", ada.who);
    await ada.make(1);
    expect((await ada.who.page.query(api.provisionedKeys.myKeys, {})).map(({ name }) => name)).toEqual(["key-1"]);
    expect(await ada.who.page.query(api.provisionedKeys.myKey, { hash: hash(1) })).toMatchObject({ model_usage: [] });
    expect(await bob.who.page.query(api.provisionedKeys.myKeys, {})).toEqual([]);
    await expect(bob.who.page.query(api.provisionedKeys.myKey, { hash: hash(1) })).rejects.toThrow(/no such key/);
    await expect(ada.t.query(api.provisionedKeys.myKeys, {})).rejects.toThrow(/Sign in/);
  });
});

describe("the hosted OpenClaw's key", () => {
  const withInstance = async () => {
    const ada = await owner();
    const { instance } = await ada.who.control.claim(ada.who.id);
    return { ...ada, instance: instance.instance_id };
  };

  it("is made once, whatever it is asked again", async () => {
    const { instanceKey, instance, keys } = await withInstance();
    const made = await instanceKey(instance, 1);
    expect(made).toMatchObject({
      hash: hash(1),
      name: "Hosted OpenClaw",
      instance_id: instance,
      credit_limit_microusd: null,
    });
    const again = await instanceKey(instance, 1);
    expect(again).toEqual(made);
    expect(await keys()).toHaveLength(1);
  });

  it("gets a new secret with ten minutes' grace, and keeps its hash and limit", async () => {
    const ada = await withInstance();
    await ada.instanceKey(ada.instance, 1);
    await ada.change(1, { credit_limit_microusd: 77 });
    expect(await ada.instanceKey(ada.instance, 2)).toMatchObject({ hash: hash(1), credit_limit_microusd: 77 });
    expect([await ada.state(1), await ada.state(2)]).toEqual(["active", "active"]);
    const later = { secret_hash: secret(1), now: Date.now() + 10 * 60 * 1000 + 1 };
    expect((await ada.t.query(internal.provisionedKeys.resolve, later)).key?.state).toBe("revoked");
  });

  it("can be limited and switched off by its owner, not renamed, ended, rotated or revoked", async () => {
    const ada = await withInstance();
    await ada.instanceKey(ada.instance, 1);
    expect(await ada.change(1, { disabled: true, credit_limit_microusd: 5, limit_reset: "daily" })).toMatchObject({
      disabled: true,
      credit_limit_microusd: 5,
    });
    const no = { status: 409, code: "conflict" };
    expect(await ada.notChanged(1, { name: "mine" })).toMatchObject(no);
    expect(await ada.notChanged(1, { expires_at: Date.now() + HOUR_MS })).toMatchObject(no);
    expect(await ada.notRotated(hash(1), 9)).toMatchObject(no);
    expect(await ada.notRevoked(hash(1))).toMatchObject(no);
  });

  it("ends with it, and the next one has its own", async () => {
    const ada = await withInstance();
    await ada.instanceKey(ada.instance, 1);
    await ada.who.control.claim(ada.who.id, "deleted");
    await ada.who.control.setStatus(ada.who.id, "deleted");
    expect(await ada.state(1)).toBe("revoked");
    const { instance } = await ada.who.control.claim(ada.who.id);
    const body = { instance_id: instance.instance_id, hash: hash(2), secret_hash: secret(1), prefix: "sk-prov-" };
    expect(await ada.who.control.refusal(CONTROL_PATHS.keyInstance, { user: ada.who.id, body })).toMatchObject({
      code: "key_revoked",
    });
    expect(await ada.instanceKey(instance.instance_id, 3)).toMatchObject({ hash: hash(3), name: "Hosted OpenClaw" });
  });

  it("is not made for an OpenClaw that is not theirs", async () => {
    const ada = await withInstance();
    const bob = await owner("bob@example.com", ada.who);
    const body = { instance_id: ada.instance, hash: hash(2), secret_hash: secret(2), prefix: "sk-prov-" };
    expect(await bob.who.control.refusal(CONTROL_PATHS.keyInstance, { user: bob.who.id, body })).toMatchObject({
      code: "no_instance",
    });
  });
});

describe("when the account changes hands", () => {
  it("every key ends; signing out everywhere spares them", async () => {
    const ada = await owner();
    await ada.make(1);
    await ada.who.control.send(CONTROL_PATHS.accountSignOutEverywhere, {
      user: ada.who.id,
      body: { client: { ip: null, user_agent: null, place: null } },
    });
    expect(await ada.state(1)).toBe("active");
    const { instance } = await ada.who.control.claim(ada.who.id);
    await ada.instanceKey(instance.instance_id, 2);
    // Whoever proves the address that nobody had proved takes the account over.
    await ada.who.people.provider("github-1", "ada@example.com");
    expect([await ada.state(1), await ada.state(2)]).toEqual(["revoked", "revoked"]);
  });
});
