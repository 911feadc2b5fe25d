import { AccountStanding, BillingSummary, CONTROL_PATHS, InstanceSummary, SignUpResult, User } from "@oa/contract";
import { afterEach, describe, expect, it, vi } from "vitest";
import { api, internal } from "../_generated/api.js";
import { Control } from "./control.testing.ts";
import { tokenOf } from "./people.testing.ts";
import { setupTest, type TestDeployment } from "./setup.testing.ts";

const PAGE = { paginationOpts: { numItems: 50, cursor: null } };
const devicesWith = (requestId: string) => ({
  pending: [
    {
      requestId,
      deviceId: "dev-1",
      client: { id: "cli", mode: "cli", platform: "linux" },
      role: "operator",
      scopes: ["operator.read"],
      remoteIp: "203.0.113.9",
      requestedAt: 1000,
      expiresAt: 2000,
    },
  ],
  paired: [],
});
const DEVICES = devicesWith("req-1");

/** A person who has signed up, as the page and the control plane know them. */
async function person(t: TestDeployment, name: string, letter: string) {
  const control = new Control(t);
  const { user } = await control.ask(SignUpResult, CONTROL_PATHS.accountSignUp, {
    body: {
      email: `${name}@example.com`,
      password_hash: "scrypt$14$8$5$c2FsdA$aGFzaA",
      session: { session_hash: letter.repeat(64), ip: null, user_agent: null },
    },
  });
  const token = await tokenOf(t, user.user_id);
  return { id: user.user_id, token, page: t.withIdentity(token) };
}

/** Everything the page can ask. */
async function everything(page: Pick<TestDeployment, "query">): Promise<unknown[]> {
  return await Promise.all([
    page.query(api.users.me, {}),
    page.query(api.openclaw.myInstance, {}),
    page.query(api.openclaw.myDevices, {}),
    page.query(api.billing.myBalance, {}),
    page.query(api.billing.myLedger, PAGE),
    page.query(api.billing.myStanding, {}),
    page.query(api.audit.myEvents, PAGE),
  ]);
}

afterEach(() => {
  vi.unstubAllEnvs();
});

describe("what the page shows", () => {
  it("someone new: themselves, $5.00, no OpenClaw", async () => {
    const t = setupTest();
    const { id, page } = await person(t, "ada", "a");
    expect(User.strict().parse(await page.query(api.users.me, {}))).toMatchObject({
      user_id: id,
      email: "ada@example.com",
    });
    expect(BillingSummary.strict().parse(await page.query(api.billing.myBalance, {}))).toMatchObject({
      balance_usd: 5,
    });
    expect(await page.query(api.openclaw.myInstance, {})).toBeNull();
    expect(await page.query(api.openclaw.myDevices, {})).toBeNull();
    expect(AccountStanding.strict().parse(await page.query(api.billing.myStanding, {}))).toEqual({
      status: "active",
      posted_microusd: 5_000_000,
      held_microusd: 0,
      available_microusd: 5_000_000,
      lifetime_credit_microusd: 5_000_000,
      lifetime_debit_microusd: 0,
      open_holds: 0,
      balance_level: "enough",
    });
    const ledger = await page.query(api.billing.myLedger, PAGE);
    expect(ledger.page).toEqual([
      expect.objectContaining({ seq: 1, kind: "signup_grant", amount_usd: 5, description: "Welcome credit" }),
    ]);
  });

  it("that their balance is low where it is below what the operator says", async () => {
    vi.stubEnv("LOW_BALANCE_USD", "7.5");
    const { page } = await person(setupTest(), "ada", "a");
    expect(await page.query(api.billing.myStanding, {})).toMatchObject({ balance_level: "low" });
  });

  it("their OpenClaw, by the contract's summary and nothing more", async () => {
    const t = setupTest();
    const control = new Control(t);
    const { id, page } = await person(t, "ada", "a");
    await control.claim(id);
    await control.bringUp(id);
    const shown = InstanceSummary.strict().parse(await page.query(api.openclaw.myInstance, {}));
    expect(shown).toMatchObject({ status: "ready", desired: "running" });
  });

  it("their devices as last reported, with the time; kept, with their own time, while the gateway is down", async () => {
    const t = setupTest();
    const control = new Control(t);
    const { id, page } = await person(t, "ada", "a");
    const { instance } = await control.claim(id);
    await control.bringUp(id);
    const seen = { instance_id: instance.instance_id, generation: 1 };
    const jobs = { at: 5000, running: null, last: null };
    const up = { ...seen, observed_at: 5000, gateway: { status: "running", reason: null }, devices: DEVICES, jobs };
    await control.send(CONTROL_PATHS.instanceObserved, { body: up });
    expect(await page.query(api.openclaw.myDevices, {})).toEqual({
      observed_at: 5000,
      gateway: { status: "running", reason: null },
      devices: DEVICES,
      devices_observed_at: 5000,
      jobs,
    });
    const down = { ...seen, observed_at: 6000, gateway: { status: "error", reason: "Out of memory." } };
    await control.send(CONTROL_PATHS.instanceObserved, { body: down });
    expect(await page.query(api.openclaw.myDevices, {})).toEqual({
      observed_at: 6000,
      gateway: { status: "error", reason: "Out of memory." },
      devices: DEVICES,
      devices_observed_at: 5000,
      jobs,
    });
  });

  it("nothing of an OpenClaw that is deleted", async () => {
    const t = setupTest();
    const control = new Control(t);
    const { id, page } = await person(t, "ada", "a");
    await control.claim(id);
    await control.claim(id, "deleted");
    await control.setStatus(id, "deleted");
    expect(await page.query(api.openclaw.myInstance, {})).toBeNull();
  });

  it("what was done to their things, newest first, without the platform's own routine", async () => {
    const t = setupTest();
    const control = new Control(t);
    const { id, page } = await person(t, "ada", "a");
    await control.claim(id);
    await control.storeSecret(id, "oc_svc_token");
    await control.send(CONTROL_PATHS.instanceSecret, { user: id, query: { key: "service_token" } });
    const events = await page.query(api.audit.myEvents, PAGE);
    expect(events.page.map(({ action }) => action)).toEqual(["secret.store", "account.sign_up"]);
  });

  it("what an administrator did to their things, but not from where", async () => {
    const t = setupTest();
    const { id, page } = await person(t, "ada", "a");
    await t.mutation(internal.audit.record, {
      act_id: "act-1",
      actor: "someone-else",
      via: "session",
      subject_user_id: id,
      action: "admin.instance.stop",
      target: null,
      result: "ok",
      code: null,
      ip: "203.0.113.9",
      request_id: "req_1",
    });
    const events = await page.query(api.audit.myEvents, PAGE);
    expect(events.page[0]).toMatchObject({ action: "admin.instance.stop", ip: null });
  });

  it("a long ledger page by page, every row once", async () => {
    const t = setupTest();
    const control = new Control(t);
    const { id, page } = await person(t, "ada", "a");
    for (let call = 0; call < 11; call += 1) {
      await control.send(CONTROL_PATHS.creditsBurn, {
        user: id,
        body: { amount_usd: 0.01, idempotency_key: `call-${call + 1000}` },
      });
    }
    const seqs: number[] = [];
    let cursor: string | null = null;
    for (let done = false; !done;) {
      const part: { page: { seq: number }[]; isDone: boolean; continueCursor: string } = await page.query(
        api.billing.myLedger,
        {
          paginationOpts: { numItems: 5, cursor },
        },
      );
      seqs.push(...part.page.map(({ seq }) => seq));
      cursor = part.continueCursor;
      done = part.isDone;
    }
    expect(seqs).toEqual([12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1]);
  });
});

describe("nobody sees anything of another", () => {
  it("two people, each with an OpenClaw, devices, secrets and credits: nothing of one is in any answer to the other", async () => {
    const t = setupTest();
    const control = new Control(t);
    const people = [await person(t, "ada", "a"), await person(t, "bob", "b")];
    for (const { id } of people) {
      const { instance } = await control.claim(id);
      await control.bringUp(id);
      const devices = devicesWith(`req-of-${id}`);
      const body = { instance_id: instance.instance_id, generation: 1, observed_at: 5000, devices };
      await control.send(CONTROL_PATHS.instanceObserved, { body });
      await control.send(CONTROL_PATHS.creditsBurn, {
        user: id,
        body: { amount_usd: 1, idempotency_key: `call-of-${id}`, meta: { of: id } },
      });
    }
    const rows = await t.run(async (ctx) => await ctx.db.query("openclaw_instances").collect());
    const texts = await Promise.all(people.map(async ({ page }) => JSON.stringify(await everything(page))));
    for (const [index, text] of texts.entries()) {
      const own = people[index]?.id ?? "";
      const other = people[1 - index]?.id ?? "";
      const othersInstance = rows.find(({ user_id }) => user_id === other)?.instance_id ?? "";
      expect(text).toContain(own);
      expect(text).not.toContain(other);
      expect(text).not.toContain(othersInstance);
      expect(text).not.toMatch(/_encrypted|password|session_hash|scrypt|runtime_url|127\.0\.0\.1/);
      for (const row of rows) expect(text).not.toContain(row.service_token_encrypted ?? "missing");
    }
  });

  it.each([
    ["without a token", null],
    ["with the token of a user who is not there", { subject: "nobody" }],
    ["with an older token than the user's version", { tv: -1 }],
    ["with a token without a version", { tv: undefined }],
    ["with a version that is a text", { tv: "0" }],
    ["with a token that names no session", { sid: undefined }],
    ["with a session that never was", { sid: "nowhere" }],
    ["with a session that is a number", { sid: 1 }],
  ])("%s every query refuses", async (_name, change) => {
    const t = setupTest();
    const { token } = await person(t, "ada", "a");
    const page = change === null ? t : t.withIdentity({ ...token, ...change });
    const asked = [
      page.query(api.users.me, {}),
      page.query(api.openclaw.myInstance, {}),
      page.query(api.openclaw.myDevices, {}),
      page.query(api.billing.myBalance, {}),
      page.query(api.billing.myLedger, PAGE),
      page.query(api.audit.myEvents, PAGE),
    ];
    for (const outcome of await Promise.allSettled(asked)) {
      expect(outcome).toMatchObject({ status: "rejected", reason: { data: { code: "unauthorized" } } });
    }
  });

  it("raising the token version ends what older tokens see at once", async () => {
    const t = setupTest();
    const { id, token, page } = await person(t, "ada", "a");
    await page.query(api.users.me, {});
    await t.run(async (ctx) => {
      const user = await ctx.db.query("users").unique();
      if (user !== null) await ctx.db.patch("users", user._id, { token_version: 1 });
    });
    await expect(page.query(api.users.me, {})).rejects.toMatchObject({ data: { code: "unauthorized" } });
    expect(await t.withIdentity({ ...token, tv: 1 }).query(api.users.me, {})).toMatchObject({ user_id: id });
  });
});
