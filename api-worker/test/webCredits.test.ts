import { Accepted, KeyAnswer, LedgerPosting, WEB_CREDIT_PATHS, WebKeySecret, WebModels } from "@oa/contract";
import { beforeEach, describe, expect, it } from "vitest";
import { isCheckedToken } from "../src/checkedToken.ts";
import { browserOf } from "./support/people.ts";
import type { Sender } from "./support/people.ts";
import { openWorld } from "./support/world.ts";
import type { TestWorld } from "./support/world.ts";

let world: TestWorld;
let ada: Sender;
beforeEach(async () => {
  world = await openWorld();
  ada = (await browserOf(world, "ada")).send;
});

const at = (path: string, hash: string) => path.replace("{hash}", hash);
const audit = async () =>
  (await world.state()).convex.audit.map(({ action, via, actor, subject_user_id, target, result }) => ({
    action,
    via,
    actor,
    of: subject_user_id,
    target,
    result,
  }));

describe("what keys can call", () => {
  it("is named with its price, and one of it to try: the first in the operator's order that chats", async () => {
    world = await openWorld({
      INFERENCE_ENDPOINT: "http://127.0.0.1:9/v1",
      INFERENCE_API_KEY: "double_key",
      INFERENCE_MODELS: "text-embedding-3-small,gpt-4o-mini,gpt-4o",
    });
    const { send } = await browserOf(world, "ada");
    const { models, example } = (await send("GET", WEB_CREDIT_PATHS.webModels)).data(WebModels);
    expect(models.map(({ id }) => id)).toEqual(["gpt-4o", "gpt-4o-mini", "text-embedding-3-small"]);
    expect(models[1]?.pricing_usd_per_million.input).toBeGreaterThan(0);
    expect(example).toBe("gpt-4o-mini");
  });

  it("is nothing where no model endpoint is configured", async () => {
    expect((await ada("GET", WEB_CREDIT_PATHS.webModels)).data(WebModels)).toEqual({ models: [], example: null });
  });
});

describe("on the page", () => {
  it("a key is made, shown once, changed, rotated and revoked, and each act is on the record", async () => {
    const answer = await ada("POST", WEB_CREDIT_PATHS.webKeys, { name: "my-app", credit_limit: 1 });
    expect(answer.status).toBe(201);
    const made = answer.data(WebKeySecret);
    expect(isCheckedToken("sk-prov-", made.key)).toBe(true);
    const path = at(WEB_CREDIT_PATHS.webKey, made.hash);
    const changed = (await ada("POST", path, { credit_limit: 2.5, limit_reset: "daily" })).data(KeyAnswer);
    expect(changed.key).toMatchObject({ credit_limit_microusd: 2_500_000, limit_reset: "daily" });
    const rotated = (await ada("POST", at(WEB_CREDIT_PATHS.webKeyRotate, made.hash), {})).data(WebKeySecret);
    expect(rotated).toMatchObject({ hash: made.hash, name: "my-app" });
    expect(rotated.key).not.toBe(made.key);
    expect((await ada("DELETE", path)).data(KeyAnswer).key.revoked_at).toEqual(expect.any(Number));
    const acts = ["key.create", "key.update", "key.rotate", "key.revoke"];
    const rows = await audit();
    expect(rows.map(({ action, result }) => `${action} ${result}`)).toEqual(
      acts.flatMap((action) => [`${action} started`, `${action} ok`]),
    );
    const person = { via: "session", actor: "ada", of: "ada", target: made.hash };
    for (const row of rows) expect(row).toMatchObject(person);
  });

  it("what is wrong is told in the page's own codes", async () => {
    const { hash } = (await ada("POST", WEB_CREDIT_PATHS.webKeys, { name: "my-app" })).data(WebKeySecret);
    expect((await ada("POST", WEB_CREDIT_PATHS.webKeys, { name: "my-app" })).error().code).toBe("taken");
    const path = at(WEB_CREDIT_PATHS.webKey, hash);
    expect((await ada("POST", path, {})).error()).toMatchObject({ code: "invalid_request" });
    const past = (await ada("POST", path, { expires_at: "2020-01-01" })).error();
    expect(past.details).toEqual({ issues: [{ path: "expires_at", message: "has passed" }] });
    const bob = (await browserOf(world, "bob")).send;
    expect((await bob("DELETE", path)).error().code).toBe("not_found");
    await ada("DELETE", path);
    expect((await ada("DELETE", path)).error().code).toBe("expired");
  });

  it("an alert is put away once it is one of theirs", async () => {
    const seen = (alert: string) => ada("POST", WEB_CREDIT_PATHS.webAlertSeen.replace("{alertId}", alert));
    expect((await seen("alert1")).data(Accepted)).toEqual({ accepted: true });
    expect((await seen("alert2")).error().code).toBe("not_found");
    expect((await world.state()).convex.credits.alertsSeen).toEqual(["alert1"]);
  });
});

describe("an administrator", () => {
  const adjust = WEB_CREDIT_PATHS.adminAdjust.replace("{userId}", "bob");
  const freeze = WEB_CREDIT_PATHS.adminFreeze.replace("{userId}", "bob");
  const gift = { amount_usd: 2.5, reason: "For the outage of Monday", idempotency_key: "gift-0001" };
  beforeEach(() => world.set(["convex", "isAdmin"], true));

  it("gives credits and takes some back, with a reason, once, on the record", async () => {
    const given = (await ada("POST", adjust, gift)).data(LedgerPosting);
    expect(given).toMatchObject({ user_id: "bob", kind: "admin_credit", amount_usd: 2.5, replayed: false });
    expect((await ada("POST", adjust, gift)).data(LedgerPosting).replayed).toBe(true);
    const back = { amount_usd: -0.000001, reason: "Too much by one", idempotency_key: "gift-0002" };
    expect((await ada("POST", adjust, back)).data(LedgerPosting).kind).toBe("admin_debit");
    const { adjusted } = (await world.state()).convex.credits;
    expect(adjusted).toMatchObject([
      {
        user_id: "bob",
        amount_microusd: 2_500_000,
        reason: gift.reason,
        actor: "ada",
        idempotency_key: "gift-0001",
      },
      { user_id: "bob", amount_microusd: -1, reason: back.reason, actor: "ada", idempotency_key: "gift-0002" },
    ]);
    const act = { action: "admin.credits.adjust", via: "session", actor: "ada", of: "bob" };
    expect((await audit()).slice(0, 2)).toEqual([
      { ...act, target: "$2.50", result: "started" },
      { ...act, target: "$2.50", result: "ok" },
    ]);
  });

  it("stops a user's spending and lets it go on", async () => {
    for (const frozen of [true, false]) {
      (await ada("POST", freeze, { frozen, reason: "A disputed payment" })).data(Accepted);
    }
    const change = { user_id: "bob", reason: "A disputed payment", actor: "ada" };
    expect((await world.state()).convex.credits.frozen).toMatchObject([
      { ...change, frozen: true },
      { ...change, frozen: false },
    ]);
    expect((await audit()).map(({ action }) => action)).toEqual([
      "admin.credits.freeze",
      "admin.credits.freeze",
      "admin.credits.unfreeze",
      "admin.credits.unfreeze",
    ]);
  });

  it.each([
    { ...gift, amount_usd: 0 },
    { ...gift, amount_usd: 0.0000001 },
    { ...gift, amount_usd: 1.0000005 },
    { ...gift, amount_usd: "5" },
    { ...gift, amount_usd: 10_000.01 },
    { ...gift, reason: "" },
    { ...gift, idempotency_key: "short" },
    { amount_usd: 5, reason: gift.reason },
  ])("cannot adjust by %j", async (body) => {
    expect((await ada("POST", adjust, body)).error().code).toBe("invalid_request");
    expect(await audit()).toEqual([]);
  });

  it("is who may do this, and nobody else", async () => {
    await world.set(["convex", "isAdmin"], false);
    expect((await ada("POST", adjust, gift)).error().code).toBe("forbidden");
    expect((await ada("POST", freeze, { frozen: true, reason: "because" })).error().code).toBe("forbidden");
    const { credits } = (await world.state()).convex;
    expect([credits.adjusted, credits.frozen]).toEqual([[], []]);
  });
});
