import {
  ACCOUNT_CONTROL_PATHS as PATHS,
  CONTROL_PATHS,
  CredentialsResult,
  KeyOwner,
  ProviderKeyList,
  SessionResult,
} from "@oa/contract";
import { describe, expect, it } from "vitest";
import { internal } from "../_generated/api.js";
import { CLIENT, HASH, hashOf, People } from "./people.testing.ts";
import { setupTest, type TestDeployment } from "./setup.testing.ts";

async function verify(t: TestDeployment, email: string): Promise<void> {
  await t.run(async (ctx) => {
    const user = await ctx.db
      .query("users")
      .withIndex("by_email", (q) => q.eq("email", email))
      .unique();
    if (user === null) throw new Error("there is no such user");
    await ctx.db.patch("users", user._id, { email_verified_at: 1 });
  });
}

describe("a person of a provider", () => {
  it("is new: an account with a verified e-mail, no password, and $5.00 once", async () => {
    const t = setupTest();
    const people = new People(t);
    const first = await people.provider("1", "ada@example.com");
    const again = await people.provider("1", "ada@example.com");
    expect([first, again]).toMatchObject([{ created: true }, { created: false }]);
    const rows = await t.run(async (ctx) => ({
      users: await ctx.db.query("users").collect(),
      ledger: await ctx.db.query("credit_ledger").collect(),
    }));
    expect(rows.users).toHaveLength(1);
    expect(rows.users[0]?.password_hash).toBeUndefined();
    expect(rows.ledger).toHaveLength(1);
  });

  it("is known by their id, whatever becomes of their e-mail", async () => {
    const people = new People(setupTest());
    const first = await people.provider("1", "ada@example.com");
    const moved = await people.provider("1", "ada@elsewhere.example");
    const hidden = await people.provider("1", null);
    expect([moved, hidden]).toMatchObject([{ user: "user" in first ? first.user : null }, { outcome: "signed_in" }]);
    // The address she left may be somebody else's now.
    expect(await people.provider("2", "ada@elsewhere.example")).toMatchObject({ created: true });
  });

  it("without a verified e-mail is nobody", async () => {
    const t = setupTest();
    expect(await new People(t).provider("1", null)).toEqual({ outcome: "email_required" });
    expect(await t.run(async (ctx) => await ctx.db.query("users").collect())).toEqual([]);
  });

  it("is the user whose verified e-mail is theirs, who keeps password and sessions", async () => {
    const t = setupTest();
    const people = new People(t);
    const user_id = await people.signUp("ada@example.com");
    await verify(t, "ada@example.com");
    expect(await people.provider("1", "ada@example.com")).toMatchObject({ created: false, user: { user_id } });
    const kept = { body: { email: "ada@example.com" } };
    const { credentials } = await people.control.ask(CredentialsResult, CONTROL_PATHS.accountCredentials, kept);
    expect(credentials?.password_hash).toBe(HASH);
  });

  it("claims an account that somebody opened with their address: nothing of that somebody's opens it", async () => {
    const t = setupTest();
    const people = new People(t);
    const user = await people.signUp("ada@example.com");
    await people.provider("attacker", "attacker@example.com", user);
    await people.editor(user, "trojan");
    await people.terminal(user, "trojan");
    expect(await people.provider("1", "ada@example.com")).toMatchObject({ created: false, user: { user_id: user } });
    const asked = { body: { email: "ada@example.com" } };
    expect(await people.control.ask(CredentialsResult, CONTROL_PATHS.accountCredentials, asked)).toEqual({
      credentials: null,
    });
    const session = { body: { session_hash: hashOf("ada@example.com") } };
    expect(await people.control.ask(SessionResult, CONTROL_PATHS.accountSession, session)).toEqual({ session: null });
    expect(await people.refresh("trojan", "next")).toBe("refused");
    const key = { body: { key_hash: hashOf("trojan") } };
    expect(await people.control.ask(KeyOwner, PATHS.managementKey, key)).toEqual({ access: null });
    expect(await people.provider("attacker", "attacker@example.com")).toMatchObject({ created: true });
  });

  it("takes the OpenClaw of a claimed account from the devices of whoever made it: it is stopped, and starts with none", async () => {
    const t = setupTest();
    const people = new People(t);
    const { control } = people;
    const user = await people.signUp("ada@example.com");
    await control.claim(user);
    const before = await control.bringUp(user);
    expect(before.access_version).toBe(0);
    await people.provider("1", "ada@example.com");
    const claimed = await control.instance(user);
    expect(claimed).toMatchObject({ desired: "stopped", status: "stopping", access_version: 1 });
    expect(claimed.instance_id).toBe(before.instance_id);
    // What was decided before the claim starts nothing after it.
    const late = { status: "ready", generation: before.generation };
    const refused = await control.refusal(CONTROL_PATHS.instanceStatus, { user, body: late });
    expect(refused).toMatchObject({ code: "stale_generation" });
    await control.setStatus(user, "stopped");
    expect((await control.claim(user)).instance).toMatchObject({ desired: "running", access_version: 1 });
    const told = await t.run(async (ctx) => (await ctx.db.query("auth_events").collect()).map(({ type }) => type));
    expect(told.filter((type) => type === "account_claimed" || type === "devices_unpaired")).toEqual([
      "account_claimed",
      "devices_unpaired",
    ]);
  });

  it("takes it from them also where it was stopped, or asleep, when the account was claimed", async () => {
    for (const status of ["stopped", "suspended", "error"] as const) {
      const people = new People(setupTest());
      const { control } = people;
      const user = await people.signUp("ada@example.com");
      await control.claim(user);
      await control.bringUp(user);
      if (status === "stopped") await control.claim(user, "stopped");
      await control.setStatus(user, status);
      await people.provider("1", "ada@example.com");
      expect(await control.instance(user)).toMatchObject({ desired: "stopped", access_version: 1 });
    }
  });

  it("calls no model with a key of whoever opened their account: that one's provider would show them every prompt", async () => {
    const t = setupTest();
    const people = new People(t);
    const user = await people.signUp("ada@example.com");
    const { control } = people;
    await control.claim(user);
    const keys = { openrouter: "sk-or-of-the-attacker" };
    await control.ask(ProviderKeyList, CONTROL_PATHS.providerKeys, { user, body: { keys } });
    // Under way since before: what it was made for is over.
    const { place } = await t.query(internal.secrets.sealedState, { user_id: user, key: "provider_keys" });
    await people.provider("1", "ada@example.com");
    expect(await control.instance(user)).toMatchObject({ model_source: "credits", provider_keys: [] });
    const sealed = { ciphertext: "AAAA", iv: "AAAA", alg: "AES-256-GCM", key_id: "k" };
    const late = { instance_id: place.instance_id, key: "provider_keys" as const, sealed, version: place.version + 1 };
    const why = { action: "secret.store" as const, act_id: "late", request_id: "late" };
    expect(await t.mutation(internal.secrets.putSealed, { ...late, ...why })).toEqual({ stored: false });
  });

  it("ten sign-ins at once: one account, one identity", async () => {
    const t = setupTest();
    const people = new People(t);
    const all = await Promise.all(Array.from({ length: 10 }, () => people.provider("1", "ada@example.com")));
    expect(all.filter((outcome) => "created" in outcome && outcome.created)).toHaveLength(1);
    expect(await t.run(async (ctx) => await ctx.db.query("identities").collect())).toHaveLength(1);
  });
});

describe("linking", () => {
  it("an identity that signs another user in stays theirs", async () => {
    const people = new People(setupTest());
    await people.provider("1", "ada@example.com");
    const bob = await people.signUp("bob@example.com");
    expect(await people.provider("1", "ada@example.com", bob)).toEqual({ outcome: "taken" });
    expect(await people.provider("2", "bob@work.example", bob)).toEqual({ outcome: "linked" });
  });

  it("another's identity cannot be unlinked, nor the only way in", async () => {
    const t = setupTest();
    const people = new People(t);
    const ada = await people.provider("1", "ada@example.com");
    const bob = await people.signUp("bob@example.com");
    const identity_id = await t.run(async (ctx) => (await ctx.db.query("identities").unique())?._id ?? "");
    const unlink = (user: string) =>
      people.control.refusal(PATHS.oauthIdentity, { method: "DELETE", user, body: { identity_id, client: CLIENT } });
    expect(await unlink(bob)).toMatchObject({ status: 404 });
    expect(await unlink("user" in ada ? ada.user.user_id : "")).toMatchObject({ status: 409, code: "conflict" });
  });
});

describe("a reset link", () => {
  const reset = async (people: People, email: string) => {
    const ticket_hash = hashOf("link");
    await people.control.send(PATHS.accountResetStart, { body: { email, ticket_hash, client: CLIENT } });
    const body = { ticket_hash, password_hash: `${HASH}2`, client: CLIENT };
    return await people.control.send(PATHS.accountReset, { body });
  };

  it("of a verified account keeps the linked identities, and ends everything else", async () => {
    const t = setupTest();
    const people = new People(t);
    const user = await people.signUp("ada@example.com");
    await verify(t, "ada@example.com");
    await people.provider("1", "ada@example.com", user);
    await people.editor(user, "r0");
    await people.terminal(user, "key");
    expect((await reset(people, "ada@example.com")).status).toBe(200);
    const left = await t.run(async (ctx) => ({
      sessions: await ctx.db.query("sessions").collect(),
      families: await ctx.db.query("refresh_families").collect(),
      keys: await ctx.db.query("management_keys").collect(),
      tickets: await ctx.db.query("auth_tickets").collect(),
      users: (await ctx.db.query("users").collect()).map(({ token_version }) => token_version),
    }));
    expect(left).toEqual({ sessions: [], families: [], keys: [], tickets: [], users: [1] });
    expect(await people.provider("1", "ada@example.com")).toMatchObject({ created: false });
  });

  it("of an account nobody had proved takes away what its maker had linked", async () => {
    const t = setupTest();
    const people = new People(t);
    const user = await people.signUp("ada@example.com");
    await people.provider("attacker", "attacker@example.com", user);
    expect((await reset(people, "ada@example.com")).status).toBe(200);
    expect(await people.provider("attacker", "attacker@example.com")).toMatchObject({ created: true });
  });

  it("an hour old is dead; so is one of another kind", async () => {
    const t = setupTest();
    const people = new People(t);
    const user = await people.signUp("ada@example.com");
    const ticket_hash = hashOf("verify");
    await people.control.send(PATHS.accountVerifyStart, { user, body: { ticket_hash } });
    const body = { ticket_hash, password_hash: HASH, client: CLIENT };
    expect(await people.control.refusal(PATHS.accountReset, { body })).toMatchObject({ status: 410, code: "expired" });
    const start = { body: { email: "ada@example.com", ticket_hash: hashOf("reset"), client: CLIENT } };
    await people.control.send(PATHS.accountResetStart, start);
    await t.run(async (ctx) => {
      for (const ticket of await ctx.db.query("auth_tickets").collect())
        await ctx.db.patch("auth_tickets", ticket._id, { expires_at: ticket.expires_at - 60 * 60 * 1000 });
    });
    const late = { body: { ...body, ticket_hash: hashOf("reset") } };
    expect(await people.control.refusal(PATHS.accountReset, late)).toMatchObject({ status: 410, code: "expired" });
  });
});

describe("what opens an account is bounded", () => {
  it("ten terminals: the eleventh ends the one that was used longest ago", async () => {
    const t = setupTest();
    const people = new People(t);
    const user = await people.signUp("ada@example.com");
    for (let index = 0; index < 11; index += 1) await people.terminal(user, `key ${index}`);
    const keys = await t.run(async (ctx) => await ctx.db.query("management_keys").collect());
    expect(keys).toHaveLength(10);
    expect(keys.map(({ key_hash }) => key_hash)).toContain(hashOf("key 10"));
  });
});
