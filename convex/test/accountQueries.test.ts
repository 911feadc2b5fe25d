import { ACCOUNT_CONTROL_PATHS as PATHS, CONTROL_PATHS, MyAccount, MyAuthEvent, SignIn } from "@oa/contract";
import { describe, expect, it, vi } from "vitest";
import { api, internal } from "../_generated/api.js";
import { CLIENT, People, tokenOf } from "./people.testing.ts";
import { setupTest, type TestDeployment } from "./setup.testing.ts";

const PAGE = { paginationOpts: { numItems: 50, cursor: null } };

/** Someone who has signed up, with the page of the browser they did it in. */
async function person(t: TestDeployment, email: string) {
  const people = new People(t);
  const id = await people.signUp(email);
  const token = await tokenOf(t, id);
  return { people, id, sid: token.sid, page: t.withIdentity(token) };
}

async function verify(t: TestDeployment, email: string): Promise<void> {
  await t.run(async (ctx) => {
    for (const user of await ctx.db.query("users").collect()) {
      if (user.email === email) await ctx.db.patch("users", user._id, { email_verified_at: 1 });
    }
  });
}

describe("the security page", () => {
  it("shows how someone signs in, what they are signed in with, and what happened; by the contract", async () => {
    const t = setupTest();
    const { people, id, page } = await person(t, "ada@example.com");
    await people.terminal(id, "key");
    const account = MyAccount.strict().parse(await page.query(api.accounts.mine, {}));
    expect(account).toMatchObject({ has_password: true, email_verified_at: null, is_admin: false, identities: [] });
    const signIns = (await page.query(api.sessions.mySignIns, {})).map((one) => SignIn.strict().parse(one));
    expect(signIns.map(({ kind, current }) => [kind, current])).toEqual(
      expect.arrayContaining([
        ["browser", true],
        ["terminal", false],
      ]),
    );
    const events = (await page.query(api.authEvents.mine, PAGE)).page.map((one) => MyAuthEvent.strict().parse(one));
    expect(events.map(({ type }) => type)).toEqual(["terminal_connected", "sign_up"]);
  });

  it("shows nobody anything of another", async () => {
    const t = setupTest();
    const ada = await person(t, "ada@example.com");
    const bob = await person(t, "bob@example.com");
    await ada.people.terminal(ada.id, "key");
    expect(await bob.page.query(api.sessions.mySignIns, {})).toHaveLength(1);
    expect((await bob.page.query(api.authEvents.mine, PAGE)).page).toHaveLength(1);
    const target = (await ada.page.query(api.sessions.mySignIns, {}))[0]?.sign_in_id ?? "";
    const body = { sign_in_id: target, client: CLIENT };
    expect(
      await bob.people.control.refusal(PATHS.accountSignIn, { method: "DELETE", user: bob.id, body }),
    ).toMatchObject({ status: 404 });
    expect(await ada.page.query(api.sessions.mySignIns, {})).toHaveLength(2);
  });

  it("ends with the session it was opened in, and with no other's", async () => {
    const t = setupTest();
    const ada = await person(t, "ada@example.com");
    const bob = await person(t, "bob@example.com");
    const borrowed = t.withIdentity({ subject: ada.id, tv: 0, sid: bob.sid });
    await expect(borrowed.query(api.accounts.mine, {})).rejects.toThrow(/unauthorized/);
    await ada.people.control.send(PATHS.accountSignIn, {
      method: "DELETE",
      user: ada.id,
      body: { sign_in_id: ada.sid, client: CLIENT },
    });
    await expect(ada.page.query(api.accounts.mine, {})).rejects.toThrow(/unauthorized/);
    await bob.page.query(api.accounts.mine, {});
  });
});

describe("what administrators see", () => {
  it("is for verified addresses of ADMIN_EMAILS, at once and no longer than they stand there", async () => {
    const t = setupTest();
    vi.stubEnv("ADMIN_EMAILS", "root@example.com");
    const root = await person(t, "root@example.com");
    const user = await person(t, "user@example.com");
    await user.people.control.claim(user.id);
    for (const query of [api.admin.users, api.admin.instances]) {
      await expect(root.page.query(query, PAGE)).rejects.toThrow(/forbidden/);
      await expect(user.page.query(query, PAGE)).rejects.toThrow(/forbidden/);
      await expect(t.query(query, PAGE)).rejects.toThrow(/unauthorized/);
    }
    await verify(t, "root@example.com");
    await verify(t, "user@example.com");
    const users = (await root.page.query(api.admin.users, PAGE)).page;
    expect(users).toMatchObject([
      { email: "user@example.com", balance_usd: 5, instance: { status: "provisioning" } },
      { email: "root@example.com", is_admin: true, instance: null },
    ]);
    const found = (await root.page.query(api.admin.users, { ...PAGE, email: "USER@" })).page;
    expect(found.map(({ email }) => email)).toEqual(["user@example.com"]);
    expect((await root.page.query(api.admin.instances, PAGE)).page).toMatchObject([{ user_id: user.id }]);
    await expect(user.page.query(api.admin.users, PAGE)).rejects.toThrow(/forbidden/);
    vi.stubEnv("ADMIN_EMAILS", "");
    await expect(root.page.query(api.admin.users, PAGE)).rejects.toThrow(/forbidden/);
  });
});

describe("someone else's devices", () => {
  it("are shown to administrators as they were last reported, and to nobody else", async () => {
    const t = setupTest();
    vi.stubEnv("ADMIN_EMAILS", "root@example.com");
    const root = await person(t, "root@example.com");
    const user = await person(t, "user@example.com");
    await verify(t, "root@example.com");
    const devicesOf = (user_id: string) => root.page.query(api.admin.devices, { user_id });
    expect(await devicesOf(user.id)).toBeNull();
    const { instance } = await user.people.control.claim(user.id);
    const gateway = { status: "running", reason: null };
    const devices = { pending: [], paired: [] };
    const body = { instance_id: instance.instance_id, generation: 1, observed_at: 5_000, gateway, devices };
    await user.people.control.send(CONTROL_PATHS.instanceObserved, { body });
    expect(await devicesOf(user.id)).toMatchObject({ devices, devices_observed_at: 5_000 });
    expect(await devicesOf(root.id)).toBeNull();
    await expect(user.page.query(api.admin.devices, { user_id: user.id })).rejects.toThrow(/forbidden/);
    await expect(t.query(api.admin.devices, { user_id: user.id })).rejects.toThrow(/unauthorized/);
  });
});

describe("what has passed its time is deleted", () => {
  it("editors, their tokens, links and events; a flow an hour after it expired", async () => {
    const t = setupTest();
    const { people, id } = await person(t, "ada@example.com");
    await people.editor(id, "r0");
    const hour = 60 * 60 * 1000;
    const overdue = await t.run(async (ctx) => {
      const now = Date.now();
      const user_id = ctx.db.normalizeId("users", id);
      const ticket = { user_id, about: { kind: "reset" as const }, created_at: 0 };
      await ctx.db.insert("auth_tickets", { ...ticket, ticket_hash: "a", expires_at: now - 1 });
      await ctx.db.insert("auth_tickets", { ...ticket, ticket_hash: "b", expires_at: now + hour });
      for (const [flow, ago] of [
        ["a", hour + 1000],
        ["b", hour - 60_000],
      ] as const) {
        await ctx.db.insert("sign_in_flows", {
          flow,
          kind: "editor",
          user_code: flow,
          code_challenge: "",
          callback: null,
          state: null,
          created_at: 0,
          expires_at: now - ago,
          interval_s: 5,
          last_polled_at: null,
          user_id: null,
          decision: { kind: "waiting" },
          ip: null,
          user_agent: null,
        });
      }
      for (const family of await ctx.db.query("refresh_families").collect())
        await ctx.db.patch("refresh_families", family._id, { expires_at: now - 1 });
      for (const token of await ctx.db.query("refresh_tokens").collect())
        await ctx.db.patch("refresh_tokens", token._id, { expires_at: now - 1 });
      const [event] = await ctx.db.query("auth_events").collect();
      if (event !== undefined) await ctx.db.patch("auth_events", event._id, { created_at: now - 401 * 24 * hour });
      return 5;
    });
    expect(await t.mutation(internal.retention.prune, {})).toEqual({ deleted: overdue });
    const left = await t.run(async (ctx) => ({
      tickets: (await ctx.db.query("auth_tickets").collect()).map((row) => row.ticket_hash),
      flows: (await ctx.db.query("sign_in_flows").collect()).map((row) => row.flow),
      families: await ctx.db.query("refresh_families").collect(),
    }));
    expect(left).toEqual({ tickets: ["b"], flows: ["b"], families: [] });
  });
});
