import {
  ACCOUNT_CONTROL_PATHS as PATHS,
  CONTROL_PATHS,
  CredentialsResult,
  Done,
  FlowLooked,
  SessionResult,
} from "@oa/contract";
import { describe, expect, it } from "vitest";
import { CLIENT, HASH, hashOf, People } from "./people.testing.ts";
import { setupTest, type TestDeployment } from "./setup.testing.ts";

const CHANGED = `${HASH}2`;
const EMAIL = "ada@example.com";
/** The session `People.signUp` opens. */
const SESSION = hashOf(EMAIL);

async function ada() {
  const t = setupTest();
  const people = new People(t);
  return { t, people, control: people.control, user: await people.signUp(EMAIL) };
}

/** Everything that opens an account. */
async function waysIn(t: TestDeployment): Promise<number> {
  return await t.run(async (ctx) => {
    const tables = ["sessions", "refresh_families", "management_keys", "identities"] as const;
    const rows = await Promise.all(tables.map(async (table) => await ctx.db.query(table).collect()));
    return rows.flat().length;
  });
}

describe("a sign-in that was on its way with the old password", () => {
  const reset = async ({ control }: Awaited<ReturnType<typeof ada>>) => {
    const link = { ticket_hash: hashOf("link"), client: CLIENT };
    await control.send(PATHS.accountResetStart, { body: { email: EMAIL, ...link } });
    await control.send(PATHS.accountReset, { body: { ...link, password_hash: CHANGED } });
  };

  it("opens no browser once a new one is set, and does not put the old one back", async () => {
    const { control, ...world } = await ada();
    await reset({ control, ...world });
    const session = { session_hash: hashOf("late"), ip: null, user_agent: null };
    const body = { user_id: world.user, session, proven_hash: HASH, rehash: "scrypt$15$8$3$c2FsdA$aGFzaA" };
    expect(await control.refusal(CONTROL_PATHS.accountSessions, { body })).toMatchObject({
      status: 409,
      code: "conflict",
    });
    expect(await waysIn(world.t)).toBe(0);
    const asked = { body: { email: EMAIL } };
    const { credentials } = await control.ask(CredentialsResult, CONTROL_PATHS.accountCredentials, asked);
    expect(credentials?.password_hash).toBe(CHANGED);
  });

  it.each([
    { kind: "editor", token_hash: hashOf("late") },
    { kind: "terminal", key_hash: hashOf("late"), key_prefix: "sk-mgmt-0000" },
  ])("opens no $kind", async (access) => {
    const world = await ada();
    await reset(world);
    const body = { access, client: CLIENT, ground: { kind: "password", proven_hash: HASH } };
    expect(await world.control.refusal(PATHS.accountAccess, { user: world.user, body })).toMatchObject({ status: 409 });
    expect(await waysIn(world.t)).toBe(0);
  });
});

describe("a browser that is signed out while its request is on its way", () => {
  const ended = async () => {
    const world = await ada();
    const { control, user } = world;
    const flow = { flow: "f".repeat(22), kind: "terminal", user_code: "BCDF-GHJK", code_challenge: "c".repeat(43) };
    const start = { ...flow, callback: null, state: null, client: CLIENT };
    await control.ask(Done, PATHS.flowStart, { body: start });
    await control.ask(Done, PATHS.accountSignOutEverywhere, { user, body: { client: CLIENT } });
    return world;
  };

  it("opens no editor", async () => {
    const { control, user, t } = await ended();
    const ground = { kind: "session", session_hash: SESSION };
    const body = { access: { kind: "editor", token_hash: hashOf("late") }, client: CLIENT, ground };
    expect(await control.refusal(PATHS.accountAccess, { user, body })).toMatchObject({ status: 410, code: "expired" });
    expect(await waysIn(t)).toBe(0);
  });

  it("lets no terminal in, which goes on waiting for its person", async () => {
    const { control, user } = await ended();
    const by = { user_code: "BCDF-GHJK" };
    const body = { asked_by: SESSION, by, approve: true, code_hash: hashOf("code") };
    expect(await control.refusal(PATHS.flowDecide, { user, body })).toMatchObject({ status: 410, code: "expired" });
    expect((await control.ask(FlowLooked, PATHS.flowLook, { body: by })).flow).toMatchObject({ state: "waiting" });
  });

  it("sets no password and gets no session for it", async () => {
    const { control, user, t } = await ended();
    const session = { session_hash: hashOf("next"), ip: null, user_agent: null };
    const body = { password_hash: CHANGED, replaces: HASH, asked_by: SESSION, session };
    expect(await control.refusal(PATHS.accountPassword, { user, body })).toMatchObject({ status: 410 });
    expect(await waysIn(t)).toBe(0);
  });

  it("links no account of another site", async () => {
    const { control, people, user, t } = await ended();
    await expect(people.provider("thief", "thief@example.com", user)).rejects.toThrow(/expired/);
    expect(await waysIn(t)).toBe(0);
    const person = { provider: "github", subject: "thief", email: null, name: null, avatar_url: null };
    const bob = await people.signUp("bob@example.com");
    // Nor does another's session do.
    const link = { user_id: user, asked_by: hashOf("bob@example.com") };
    const body = { person, client: CLIENT, access: null, link };
    expect(await control.refusal(PATHS.oauthSignIn, { body })).toMatchObject({ status: 410 });
    const asked = { body: { session_hash: hashOf("bob@example.com") } };
    const { session } = await control.ask(SessionResult, CONTROL_PATHS.accountSession, asked);
    expect(session?.user.user_id).toBe(bob);
  });
});
