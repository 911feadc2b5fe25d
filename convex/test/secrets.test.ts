import { CONTROL_PATHS, SecretValue, StoreSecretResult } from "@oa/contract";
import { describe, expect, it, vi } from "vitest";
import { Control } from "./control.testing.ts";
import { setupTest, type TestDeployment } from "./setup.testing.ts";

const SECRET = CONTROL_PATHS.instanceSecret;

/** A deployment where two users have an OpenClaw. */
async function twoUsers() {
  const t = setupTest();
  const control = new Control(t);
  const alice = (await control.claim("alice")).instance;
  const bob = (await control.claim("bob")).instance;
  return { t, control, alice, bob };
}

async function read(control: Control, user: string, key = "service_token"): Promise<string> {
  return (await control.ask(SecretValue, SECRET, { user, query: { key } })).value;
}

async function row(t: TestDeployment, user: string) {
  const found = await t.run(
    async (ctx) =>
      await ctx.db
        .query("openclaw_instances")
        .withIndex("by_user_id", (q) => q.eq("user_id", user))
        .unique(),
  );
  if (found === null) throw new Error(`${user} has no row`);
  return found;
}

/** What someone with access to the database could write. */
async function tamper(t: TestDeployment, user: string, fields: Partial<Awaited<ReturnType<typeof row>>>) {
  const { _id } = await row(t, user);
  await t.run(async (ctx) => {
    await ctx.db.patch("openclaw_instances", _id, fields);
  });
}

describe("storing and reading", () => {
  it("gives back what was stored, and stores nothing of it in the clear", async () => {
    const { t, control } = await twoUsers();
    const stored = await control.ask(StoreSecretResult, SECRET, {
      user: "alice",
      body: { key: "service_token", value: "oc_svc_alice" },
    });
    expect(stored).toMatchObject({ key: "service_token", stored: true });
    await control.storeSecret("alice", '{"openai":"sk-alice"}', { key: "provider_keys" });
    expect(await read(control, "alice")).toBe("oc_svc_alice");
    expect(await read(control, "alice", "provider_keys")).toBe('{"openai":"sk-alice"}');
    const kept = await row(t, "alice");
    expect(kept).toMatchObject({
      service_token_alg: "AES-256-GCM",
      service_token_key_id: stored.key_id,
      service_token_version: 1,
    });
    expect(JSON.stringify(kept)).not.toMatch(/oc_svc_alice|sk-alice/);
  });

  it("is not kept by any cache on the way", async () => {
    const { control } = await twoUsers();
    await control.storeSecret("alice", "oc_svc_alice");
    const answer = await control.send(SECRET, { user: "alice", query: { key: "service_token" } });
    expect(answer.headers.get("cache-control")).toBe("no-store");
  });

  it("a newer value replaces the older", async () => {
    const { control } = await twoUsers();
    await control.storeSecret("alice", "first");
    await control.storeSecret("alice", "second");
    expect(await read(control, "alice")).toBe("second");
  });

  it("with if_absent the first one stays, and its key is told", async () => {
    const { control } = await twoUsers();
    const body = (value: string) => ({ key: "service_token", value, if_absent: true });
    const first = await control.ask(StoreSecretResult, SECRET, { user: "alice", body: body("first") });
    const second = await control.ask(StoreSecretResult, SECRET, { user: "alice", body: body("second") });
    expect([first.stored, second.stored]).toEqual([true, false]);
    expect(second.key_id).toBe(first.key_id);
    expect(await read(control, "alice")).toBe("first");
  });

  it("of twenty passes that each bring a token at once, one wins, and all then read that one", async () => {
    const { control } = await twoUsers();
    const values = Array.from({ length: 20 }, (_, index) => `oc_svc_${index}`);
    const answers = await Promise.all(
      values.map(
        async (value) =>
          await control.ask(StoreSecretResult, SECRET, {
            user: "alice",
            body: { key: "service_token", value, if_absent: true },
          }),
      ),
    );
    expect(answers.filter(({ stored }) => stored)).toHaveLength(1);
    const winner = values[answers.findIndex(({ stored }) => stored)];
    expect(await read(control, "alice")).toBe(winner);
  });

  it("decided on an older generation, it is not stored", async () => {
    const { control } = await twoUsers();
    await control.claim("alice", "stopped");
    const body = { key: "service_token", value: "late", generation: 1 };
    expect(await control.refusal(SECRET, { user: "alice", body })).toMatchObject({
      status: 409,
      code: "stale_generation",
    });
    expect((await control.instance("alice")).has_service_token).toBe(false);
  });

  it("there is nothing to read before, and nothing after the deletion", async () => {
    const { control } = await twoUsers();
    const question = { user: "alice", query: { key: "service_token" } };
    expect(await control.refusal(SECRET, question)).toMatchObject({ status: 404, code: "not_found" });
    await control.bringUp("alice");
    await control.claim("alice", "deleted");
    await control.setStatus("alice", "deleted");
    expect(await control.refusal(SECRET, question)).toMatchObject({ status: 404, code: "no_instance" });
    expect(
      await control.refusal(SECRET, { user: "alice", body: { key: "service_token", value: "again" } }),
    ).toMatchObject({ code: "no_instance" });
  });

  it("no other answer has anything of it", async () => {
    const { t, control } = await twoUsers();
    await control.bringUp("alice");
    const kept = await row(t, "alice");
    const answers = await Promise.all([
      control.send(CONTROL_PATHS.instance, { user: "alice" }),
      control.send(CONTROL_PATHS.instance, { user: "alice", body: { version: "1" } }),
      control.send(CONTROL_PATHS.instanceStatus, { user: "alice", body: { status: "ready" } }),
      control.send(CONTROL_PATHS.instanceClaim, { user: "alice", body: { desired: "running" } }),
      control.send(CONTROL_PATHS.instanceById, { query: { instance_id: kept.instance_id } }),
    ]);
    for (const answer of answers) {
      const text = await answer.text();
      expect(answer.status).toBe(200);
      expect(text).not.toContain("oc_svc_alice");
      expect(text).not.toContain(kept.service_token_encrypted ?? "missing");
      expect(text).not.toMatch(/_encrypted|_iv|_alg|_key_id/);
    }
  });
});

describe("every reading leaves a line in the audit log", () => {
  it("with who, what, and the request it was for; the secret is not in it", async () => {
    const { t, control, alice } = await twoUsers();
    await control.storeSecret("alice", "oc_svc_alice");
    await control.send(SECRET, {
      user: "alice",
      query: { key: "service_token" },
      headers: { "x-request-id": "request-77" },
    });
    const lines = await t.run(async (ctx) => await ctx.db.query("audit_log").collect());
    expect(lines).toMatchObject([
      { action: "secret.store", subject_user_id: "alice", routine: false },
      {
        action: "secret.read",
        subject_user_id: "alice",
        target: `${alice.instance_id}:service_token`,
        request_id: "request-77",
        result: "ok",
        routine: true,
      },
    ]);
    expect(JSON.stringify(lines)).not.toContain("oc_svc_alice");
  });

  it("a secret that does not open is written down as such", async () => {
    const { t, control } = await twoUsers();
    await control.storeSecret("alice", "oc_svc_alice");
    await tamper(t, "alice", { service_token_version: 7 });
    await control.send(SECRET, { user: "alice", query: { key: "service_token" } });
    const lines = await t.run(async (ctx) => await ctx.db.query("audit_log").collect());
    expect(lines.at(-1)).toMatchObject({ action: "secret.read", result: "failed", code: "secret_corrupt" });
  });
});

describe("what was changed in the database fails loudly, and is never handed out", () => {
  it("the ciphertext of another user's row", async () => {
    const { t, control } = await twoUsers();
    await control.storeSecret("alice", "oc_svc_alice");
    await control.storeSecret("bob", "oc_svc_bob");
    const { service_token_encrypted = "", service_token_iv = "" } = await row(t, "bob");
    await tamper(t, "alice", { service_token_encrypted, service_token_iv });
    const refused = await control.refusal(SECRET, { user: "alice", query: { key: "service_token" } });
    expect(refused).toMatchObject({ status: 500, code: "secret_corrupt" });
    expect(refused.message).not.toContain("oc_svc");
    expect(await read(control, "bob")).toBe("oc_svc_bob");
  });

  it("the ciphertext of the other field", async () => {
    const { t, control } = await twoUsers();
    await control.storeSecret("alice", "oc_svc_alice");
    await control.storeSecret("alice", "provider", { key: "provider_keys" });
    const { provider_keys_encrypted = "", provider_keys_iv = "" } = await row(t, "alice");
    await tamper(t, "alice", { service_token_encrypted: provider_keys_encrypted, service_token_iv: provider_keys_iv });
    expect(await control.refusal(SECRET, { user: "alice", query: { key: "service_token" } })).toMatchObject({
      code: "secret_corrupt",
    });
  });

  it("an older ciphertext of the same field", async () => {
    const { t, control } = await twoUsers();
    await control.storeSecret("alice", "revoked");
    const { service_token_encrypted = "", service_token_iv = "" } = await row(t, "alice");
    await control.storeSecret("alice", "current");
    await tamper(t, "alice", { service_token_encrypted, service_token_iv });
    expect(await control.refusal(SECRET, { user: "alice", query: { key: "service_token" } })).toMatchObject({
      code: "secret_corrupt",
    });
  });

  it("a plain text in the ciphertext's place", async () => {
    const { t, control } = await twoUsers();
    await control.storeSecret("alice", "oc_svc_alice");
    await tamper(t, "alice", { service_token_encrypted: "planted" });
    const refused = await control.refusal(SECRET, { user: "alice", query: { key: "service_token" } });
    expect(refused).toMatchObject({ status: 500, code: "secret_corrupt" });
    expect(refused.message).not.toContain("planted");
  });
});

describe("the key of the deployment", () => {
  it("another key does not open, and says which variable may", async () => {
    const { control } = await twoUsers();
    await control.storeSecret("alice", "oc_svc_alice");
    vi.stubEnv("OPENCLAW_ENCRYPTION_KEY", "b2".repeat(32));
    const refused = await control.refusal(SECRET, { user: "alice", query: { key: "service_token" } });
    expect(refused).toMatchObject({ status: 500, code: "secret_corrupt" });
    expect(refused.message).toContain("OPENCLAW_ENCRYPTION_KEYS_PREVIOUS");
  });

  it.each(["", "too-short"])("%j is no key: nothing is stored, and the variable is named", async (key) => {
    const { control } = await twoUsers();
    vi.stubEnv("OPENCLAW_ENCRYPTION_KEY", key);
    const refused = await control.refusal(SECRET, {
      user: "alice",
      body: { key: "service_token", value: "oc_svc_alice" },
    });
    expect(refused).toMatchObject({
      status: 503,
      code: "not_configured",
      details: { variables: ["OPENCLAW_ENCRYPTION_KEY"] },
    });
    expect((await control.instance("alice")).has_service_token).toBe(false);
  });
});
