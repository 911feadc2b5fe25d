import {
  BillingSummary,
  CONTROL_PATHS,
  CredentialsResult,
  SESSION_TTL_MS,
  SessionResult,
  SignUpResult,
} from "@oa/contract";
import { describe, expect, it } from "vitest";
import { Control } from "./control.testing.ts";
import { setupTest, type TestDeployment } from "./setup.testing.ts";

const HASH = "scrypt$14$8$5$c2FsdA$aGFzaA";
const MINUTE_MS = 60 * 1000;
const hashOf = (letter: string) => letter.repeat(64);
const sessionOf = (letter: string) => ({ session_hash: hashOf(letter), ip: "203.0.113.9", user_agent: "Firefox" });

function signUpBody(email: string, letter: string) {
  return { body: { email, password_hash: HASH, session: sessionOf(letter) } };
}

async function signUp(control: Control, email: string, letter: string): Promise<string> {
  const { user } = await control.ask(SignUpResult, CONTROL_PATHS.accountSignUp, signUpBody(email, letter));
  return user.user_id;
}

async function lookUp(control: Control, letter: string) {
  const body = { session_hash: hashOf(letter) };
  return (await control.ask(SessionResult, CONTROL_PATHS.accountSession, { body })).session;
}

/** Makes the one session of a test as old as that. */
async function age(t: TestDeployment, byMs: number): Promise<void> {
  await t.run(async (ctx) => {
    const session = await ctx.db.query("sessions").unique();
    if (session === null) throw new Error("there is no session");
    await ctx.db.patch("sessions", session._id, {
      last_seen_at: session.last_seen_at - byMs,
      expires_at: session.expires_at - byMs,
    });
  });
}

describe("signing up", () => {
  it("makes user, session and $5.00 together", async () => {
    const control = new Control(setupTest());
    const id = await signUp(control, "Ada@Example.com", "a");
    expect(await lookUp(control, "a")).toMatchObject({
      user: { user_id: id, email: "ada@example.com" },
      token_version: 0,
    });
    expect(await control.ask(BillingSummary, CONTROL_PATHS.billingSummary, { user: id })).toMatchObject({
      balance_usd: 5,
    });
  });

  it("with an address that has an account is refused, in whatever letters, and grants nothing", async () => {
    const t = setupTest();
    const control = new Control(t);
    await signUp(control, "ada@example.com", "a");
    expect(await control.refusal(CONTROL_PATHS.accountSignUp, signUpBody("ADA@example.com ", "b"))).toMatchObject({
      status: 409,
      code: "taken",
    });
    expect(await lookUp(control, "b")).toBeNull();
    expect(await t.run(async (ctx) => await ctx.db.query("credit_ledger").collect())).toHaveLength(1);
  });

  it("ten times at once with one address: one account, one grant", async () => {
    const t = setupTest();
    const control = new Control(t);
    const statuses = await Promise.all(
      Array.from(
        "0123456789",
        async (letter) =>
          (await control.send(CONTROL_PATHS.accountSignUp, signUpBody("ada@example.com", letter))).status,
      ),
    );
    expect(statuses.filter((status) => status === 200)).toHaveLength(1);
    expect(statuses.filter((status) => status === 409)).toHaveLength(9);
    expect(await t.run(async (ctx) => await ctx.db.query("users").collect())).toHaveLength(1);
    expect(await t.run(async (ctx) => await ctx.db.query("credit_ledger").collect())).toHaveLength(1);
  });

  it.each(["ada", "ada@", "@example.com", `${"a".repeat(250)}@example.com`])("%s is no address", async (email) => {
    const control = new Control(setupTest());
    expect(await control.refusal(CONTROL_PATHS.accountSignUp, signUpBody(email, "a"))).toMatchObject({
      status: 400,
      code: "invalid_request",
    });
  });
});

describe("signing in", () => {
  it("gives the Worker the hash to check, for any spelling of the address; null for an unknown one", async () => {
    const control = new Control(setupTest());
    const id = await signUp(control, "ada@example.com", "a");
    const ask = async (email: string) =>
      (await control.ask(CredentialsResult, CONTROL_PATHS.accountCredentials, { body: { email } })).credentials;
    expect(await ask("ADA@EXAMPLE.COM")).toMatchObject({ user: { user_id: id }, password_hash: HASH });
    expect(await ask("bob@example.com")).toBeNull();
  });

  it("opens a session of its own beside the first, and takes a stronger hash along", async () => {
    const control = new Control(setupTest());
    const id = await signUp(control, "ada@example.com", "a");
    const rehash = "scrypt$15$8$3$c2FsdA$aGFzaA";
    await control.ask(SessionResult, CONTROL_PATHS.accountSessions, {
      body: { user_id: id, session: sessionOf("b"), proven_hash: HASH, rehash },
    });
    expect((await lookUp(control, "a"))?.user.user_id).toBe(id);
    expect((await lookUp(control, "b"))?.user.user_id).toBe(id);
    const answer = await control.ask(CredentialsResult, CONTROL_PATHS.accountCredentials, {
      body: { email: "ada@example.com" },
    });
    expect(answer.credentials?.password_hash).toBe(rehash);
  });

  it("for a user we do not have opens nothing", async () => {
    const control = new Control(setupTest());
    const body = { user_id: "nobody", session: sessionOf("a"), proven_hash: HASH };
    expect(await control.refusal(CONTROL_PATHS.accountSessions, { body })).toMatchObject({
      status: 404,
      code: "not_found",
    });
    expect(await lookUp(control, "a")).toBeNull();
  });

  it("never takes over a session that is there", async () => {
    const control = new Control(setupTest());
    await signUp(control, "ada@example.com", "a");
    const bob = await signUp(control, "bob@example.com", "b");
    const body = { user_id: bob, session: sessionOf("a"), proven_hash: HASH };
    expect(await control.refusal(CONTROL_PATHS.accountSessions, { body })).toMatchObject({
      status: 409,
      code: "conflict",
    });
    expect((await lookUp(control, "a"))?.user.email).toBe("ada@example.com");
  });
});

describe("a session", () => {
  it("slides with use, and is written at most every quarter of an hour", async () => {
    const t = setupTest();
    const control = new Control(t);
    await signUp(control, "ada@example.com", "a");
    await age(t, 14 * MINUTE_MS);
    const stored = await t.run(async (ctx) => await ctx.db.query("sessions").unique());
    expect((await lookUp(control, "a"))?.expires_at).toBe(stored?.expires_at);
    expect(await t.run(async (ctx) => await ctx.db.query("sessions").unique())).toEqual(stored);

    await age(t, 2 * MINUTE_MS);
    expect((await lookUp(control, "a"))?.expires_at).toBeGreaterThan(Date.now() + SESSION_TTL_MS - MINUTE_MS);
  });

  it("that was not used for thirty days is over", async () => {
    const t = setupTest();
    const control = new Control(t);
    await signUp(control, "ada@example.com", "a");
    await age(t, SESSION_TTL_MS);
    expect(await lookUp(control, "a")).toBeNull();
  });

  it("ends when asked to, as often as asked", async () => {
    const control = new Control(setupTest());
    await signUp(control, "ada@example.com", "a");
    const end = { method: "DELETE", body: { session_hash: hashOf("a") } } as const;
    expect((await control.send(CONTROL_PATHS.accountSession, end)).status).toBe(200);
    expect((await control.send(CONTROL_PATHS.accountSession, end)).status).toBe(200);
    expect(await lookUp(control, "a")).toBeNull();
  });

  it("that is unknown is none", async () => {
    expect(await lookUp(new Control(setupTest()), "f")).toBeNull();
  });
});

it("what happened is in the audit log, and no hash of a password or cookie is", async () => {
  const t = setupTest();
  const control = new Control(t);
  const id = await signUp(control, "ada@example.com", "a");
  await control.send(CONTROL_PATHS.accountSessions, {
    body: { user_id: id, session: sessionOf("b"), proven_hash: HASH },
  });
  const lines = await t.run(async (ctx) => await ctx.db.query("audit_log").collect());
  expect(lines.map(({ action, subject_user_id, ip }) => [action, subject_user_id, ip])).toEqual([
    ["account.sign_up", id, "203.0.113.9"],
    ["session.open", id, "203.0.113.9"],
  ]);
  expect(JSON.stringify(lines)).not.toContain(HASH);
  expect(JSON.stringify(lines)).not.toContain(hashOf("b"));
});
