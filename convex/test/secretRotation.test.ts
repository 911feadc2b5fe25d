import type { SecretKey } from "@oa/contract";
import { describe, expect, it, vi } from "vitest";
import { internal } from "../_generated/api.js";
import { ENCRYPTION_KEY, setupTest, type TestDeployment } from "./setup.testing.ts";

const NEW_KEY = "b2".repeat(32);
/** Two pages of rows. */
const USERS = Array.from({ length: 60 }, (_, index) => `user-${index}`);
const EVERY_THIRD = USERS.filter((_, index) => index % 3 === 0);

/** Sixty users with a service token each, every third with provider keys and an inference key too. */
async function withSecrets(): Promise<{ t: TestDeployment }> {
  const t = setupTest();
  await t.run(async (ctx) => {
    for (const [index, user_id] of USERS.entries()) {
      await ctx.db.insert("openclaw_instances", {
        user_id,
        instance_id: `inst${1000 + index}`,
        status: "provisioning",
        desired: "running",
        generation: 1,
        created_at: 0,
        updated_at: 0,
      });
    }
  });
  const store = async (user_id: string, key: SecretKey, value: string) =>
    await t.action(internal.openclaw.storeEncryptedSecret, { user_id, key, value, request_id: "test" });
  for (const [index, user] of USERS.entries()) {
    await store(user, "service_token", `token of ${user}`);
    if (index % 3 !== 0) continue;
    await store(user, "provider_keys", `keys of ${user}`);
    await store(user, "inference_key", `sk-prov of ${user}`);
  }
  return { t };
}

function rotateTheKey(previous: string = ENCRYPTION_KEY): void {
  vi.stubEnv("OPENCLAW_ENCRYPTION_KEY", NEW_KEY);
  vi.stubEnv("OPENCLAW_ENCRYPTION_KEYS_PREVIOUS", previous);
}

async function everySecret(t: TestDeployment): Promise<string[]> {
  const read = async (user_id: string, key: SecretKey) =>
    await t.action(internal.openclaw.getDecryptedSecret, { user_id, key, request_id: "test" });
  return await Promise.all([
    ...USERS.map(async (user) => await read(user, "service_token")),
    ...EVERY_THIRD.map(async (user) => await read(user, "provider_keys")),
    ...EVERY_THIRD.map(async (user) => await read(user, "inference_key")),
  ]);
}

const EXPECTED = [
  ...USERS.map((user) => `token of ${user}`),
  ...EVERY_THIRD.map((user) => `keys of ${user}`),
  ...EVERY_THIRD.map((user) => `sk-prov of ${user}`),
];

async function keyIds(t: TestDeployment): Promise<Set<string | undefined>> {
  const rows = await t.run(async (ctx) => await ctx.db.query("openclaw_instances").collect());
  const ids = rows.flatMap((row) => [row.service_token_key_id, row.provider_keys_key_id, row.inference_key_key_id]);
  return new Set(ids.filter((id) => id !== undefined));
}

describe("changing the encryption key", () => {
  it("brings every secret under the new key, and the old one may be dropped", async () => {
    const { t } = await withSecrets();
    rotateTheKey();
    expect(await everySecret(t)).toEqual(EXPECTED);
    const rotation = await t.action(internal.secretRotation.rotateSecrets, {});
    expect(rotation).toMatchObject({
      state: "finished",
      scanned: 100,
      rotated: 100,
      current: 0,
      failed: 0,
      failures: [],
    });
    expect(await keyIds(t)).toEqual(new Set([rotation.key_id]));
    vi.stubEnv("OPENCLAW_ENCRYPTION_KEYS_PREVIOUS", "");
    expect(await everySecret(t)).toEqual(EXPECTED);
  });

  it("run again, it finds nothing to do", async () => {
    const { t } = await withSecrets();
    rotateTheKey();
    await t.action(internal.secretRotation.rotateSecrets, {});
    expect(await t.action(internal.secretRotation.rotateSecrets, {})).toMatchObject({
      rotated: 0,
      current: 100,
      failed: 0,
    });
  });

  it("a run that died after its first page is taken up where it was, and both keys serve meanwhile", async () => {
    const { t } = await withSecrets();
    rotateTheKey();
    // The first page of a run that then died: its rows are rotated and counted, the job is unfinished.
    const whole = await t.action(internal.secretRotation.rotateSecrets, {});
    const { next } = await t.query(internal.secretRotation.page, { cursor: null });
    await t.run(async (ctx) => {
      for (const job of await ctx.db.query("secret_rotations").collect())
        await ctx.db.delete("secret_rotations", job._id);
      await ctx.db.insert("secret_rotations", {
        key_id: whole.key_id,
        state: "running",
        cursor: next,
        scanned: 84,
        rotated: 84,
        current: 0,
        failed: 0,
        failures: [],
        started_at: 1,
        updated_at: 1,
      });
    });
    expect(await everySecret(t)).toEqual(EXPECTED);
    expect(await t.action(internal.secretRotation.rotateSecrets, {})).toMatchObject({
      state: "finished",
      scanned: 100,
      rotated: 84,
      current: 16,
    });
    expect(await t.run(async (ctx) => await ctx.db.query("secret_rotations").collect())).toHaveLength(1);
  });

  it("two runs at once do each other no harm", async () => {
    const { t } = await withSecrets();
    rotateTheKey();
    await Promise.all([
      t.action(internal.secretRotation.rotateSecrets, {}),
      t.action(internal.secretRotation.rotateSecrets, {}),
    ]);
    vi.stubEnv("OPENCLAW_ENCRYPTION_KEYS_PREVIOUS", "");
    expect(await everySecret(t)).toEqual(EXPECTED);
  });

  it("a secret that does not open is counted and named; the others go on", async () => {
    const { t } = await withSecrets();
    const broken = await t.run(async (ctx) => {
      const row = await ctx.db
        .query("openclaw_instances")
        .withIndex("by_user_id", (q) => q.eq("user_id", "user-7"))
        .unique();
      if (row === null) throw new Error("user-7 has no row");
      await ctx.db.patch("openclaw_instances", row._id, { service_token_version: 99 });
      return row.instance_id;
    });
    rotateTheKey();
    expect(await t.action(internal.secretRotation.rotateSecrets, {})).toMatchObject({
      state: "finished",
      rotated: 99,
      failed: 1,
      failures: [`${broken}:service_token`],
    });
  });

  it("without the old key every secret is named as failed, and none is lost", async () => {
    const { t } = await withSecrets();
    rotateTheKey("");
    expect(await t.action(internal.secretRotation.rotateSecrets, {})).toMatchObject({ rotated: 0, failed: 100 });
    vi.stubEnv("OPENCLAW_ENCRYPTION_KEYS_PREVIOUS", ENCRYPTION_KEY);
    expect(await everySecret(t)).toEqual(EXPECTED);
  });
});
