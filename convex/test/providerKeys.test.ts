import { CONTROL_PATHS, ProviderKeyList, SecretValue } from "@oa/contract";
import { describe, expect, it, vi } from "vitest";
import { Control, until } from "./control.testing.ts";
import { ENCRYPTION_KEY, setupTest, type TestDeployment } from "./setup.testing.ts";

const KEYS = CONTROL_PATHS.providerKeys;
const OPENAI = "sk-openai-0123456789-ABCD";
const ANTHROPIC = "sk-ant-0123456789-WXYZ";

async function withOpenClaw() {
  const t = setupTest();
  const control = new Control(t);
  await control.claim("alice");
  await control.bringUp("alice");
  const put = async (keys: Record<string, string | null>) =>
    await control.ask(ProviderKeyList, KEYS, { user: "alice", body: { keys } });
  const list = async () => await control.ask(ProviderKeyList, KEYS, { user: "alice" });
  return { t, control, put, list };
}

/** What the reconciler reads to hand it to the runtime. */
async function stored(control: Control, user = "alice"): Promise<unknown> {
  const query = { key: "provider_keys" };
  return JSON.parse((await control.ask(SecretValue, CONTROL_PATHS.instanceSecret, { user, query })).value);
}

async function driveOf(t: TestDeployment) {
  const [drive] = await t.run(async (ctx) => await ctx.db.query("instance_drives").collect());
  if (drive === undefined) throw new Error("there is no drive");
  return drive;
}

describe("a person's own keys at model providers", () => {
  it("are shown by provider and last four, and never again in full", async () => {
    const { t, control, put, list } = await withOpenClaw();
    const answer = await put({ openai: ` ${OPENAI}\n`, anthropic: ANTHROPIC });
    expect(answer).toMatchObject({
      model_source: "own_keys",
      provider_keys: [
        { provider: "anthropic", last_four: "WXYZ" },
        { provider: "openai", last_four: "ABCD" },
      ],
    });
    expect(await list()).toEqual(answer);
    expect(await control.instance("alice")).toMatchObject({ ...answer, has_provider_keys: true });
    expect(await stored(control)).toEqual({ openai: OPENAI, anthropic: ANTHROPIC });
    const everything = await t.run(async (ctx) => [
      await ctx.db.query("openclaw_instances").collect(),
      await ctx.db.query("audit_log").collect(),
    ]);
    expect(JSON.stringify(everything)).not.toMatch(/sk-openai|sk-ant/);
  });

  it("change one provider at a time: what is not named stays, with its time", async () => {
    const { control, put } = await withOpenClaw();
    const first = await put({ openai: OPENAI });
    const second = await put({ anthropic: ANTHROPIC });
    expect(second.provider_keys.find(({ provider }) => provider === "openai")).toEqual(first.provider_keys[0]);
    await put({ openai: "sk-openai-another-EFGH", anthropic: null });
    expect(await stored(control)).toEqual({ openai: "sk-openai-another-EFGH" });
  });

  it("with the last one gone, models run on credits again", async () => {
    const { control, put } = await withOpenClaw();
    await put({ openai: OPENAI });
    expect(await put({ openai: null })).toEqual({ model_source: "credits", provider_keys: [] });
    expect(await control.instance("alice")).toMatchObject({ has_provider_keys: false, model_source: "credits" });
    expect(
      await control.refusal(CONTROL_PATHS.instanceSecret, { user: "alice", query: { key: "provider_keys" } }),
    ).toMatchObject({ code: "not_found" });
  });

  it("all go at once with DELETE, also under a key that is lost; again is no error", async () => {
    const { control, put, list } = await withOpenClaw();
    await put({ openai: OPENAI, anthropic: ANTHROPIC });
    vi.stubEnv("OPENCLAW_ENCRYPTION_KEY", "b2".repeat(32));
    expect(await control.refusal(KEYS, { user: "alice", body: { keys: { xai: "xai-0123456789" } } })).toMatchObject({
      code: "secret_corrupt",
    });
    const remove = async () => await control.ask(ProviderKeyList, KEYS, { user: "alice", method: "DELETE" });
    expect(await remove()).toEqual({ model_source: "credits", provider_keys: [] });
    expect(await remove()).toEqual(await list());
    vi.stubEnv("OPENCLAW_ENCRYPTION_KEY", ENCRYPTION_KEY);
    await put({ xai: "xai-0123456789" });
    expect(await stored(control)).toEqual({ xai: "xai-0123456789" });
  });

  it("two changes at once both stand", async () => {
    const { control, put } = await withOpenClaw();
    await Promise.all([put({ openai: OPENAI }), put({ anthropic: ANTHROPIC }), put({ xai: "xai-0123456789" })]);
    expect(await stored(control)).toEqual({ openai: OPENAI, anthropic: ANTHROPIC, xai: "xai-0123456789" });
  });

  it("the runtime hears of a change at once, in the same generation", async () => {
    const { t, control, put } = await withOpenClaw();
    const { generation } = await control.instance("alice");
    const changes: (() => Promise<unknown>)[] = [
      async () => await put({ openai: OPENAI }),
      async () => await put({ openai: null }),
      async () => await control.storeSecret("alice", "sk-prov-new", { key: "inference_key" }),
    ];
    for (const change of changes) {
      const before = await until("the last drive is over", async () => {
        const drive = await driveOf(t);
        return drive.lease === null && drive.due_at !== null && drive.due_at > Date.now() ? drive.ticket : undefined;
      });
      await change();
      expect((await driveOf(t)).ticket).toBeGreaterThan(before);
    }
    expect((await control.instance("alice")).generation).toBe(generation);
  });

  it.each([
    ["a provider OpenClaw does not have", { keys: { skynet: OPENAI } }],
    ["a key that is too short", { keys: { openai: "sk-1" } }],
    ["two words", { keys: { openai: "sk-openai 0123456789" } }],
    ["a key of 10,000 letters", { keys: { openai: "k".repeat(10_000) } }],
    ["nothing", { keys: {} }],
    ["a number", { keys: { openai: 7 } }],
  ])("%s is refused, and nothing is stored", async (_what, body) => {
    const { control, list } = await withOpenClaw();
    const refused = await control.refusal(KEYS, { user: "alice", body });
    expect(refused).toMatchObject({ status: 400, code: "invalid_request" });
    expect(JSON.stringify(refused)).not.toContain("0123456789");
    expect((await list()).provider_keys).toEqual([]);
  });

  it("need an OpenClaw, and go with it", async () => {
    const { t, control, put } = await withOpenClaw();
    const change = { body: { keys: { openai: OPENAI } } };
    expect(await control.refusal(KEYS, { user: "bob", ...change })).toMatchObject({ status: 404, code: "no_instance" });
    await put({ openai: OPENAI });
    await control.storeSecret("alice", "sk-prov-of-alice", { key: "inference_key" });
    await control.claim("alice", "deleted");
    await control.setStatus("alice", "deleted");
    expect(await control.refusal(KEYS, { user: "alice" })).toMatchObject({ code: "no_instance" });
    const [row] = await t.run(async (ctx) => await ctx.db.query("openclaw_instances").collect());
    expect(JSON.stringify(row)).not.toMatch(/_encrypted|_hints|ABCD/);
  });

  it("stored by hand in a form nobody knows, they are refused and can be removed", async () => {
    const { control } = await withOpenClaw();
    await control.storeSecret("alice", "just-a-text", { key: "provider_keys" });
    expect(await control.instance("alice")).toMatchObject({ has_provider_keys: true, provider_keys: [] });
    expect(await control.refusal(KEYS, { user: "alice", body: { keys: { openai: OPENAI } } })).toMatchObject({
      code: "secret_corrupt",
    });
  });
});
