import {
  ACCOUNT_PATHS,
  CLI_CREDIT_PATHS,
  CliCredits,
  CliHistory,
  CliKey,
  CliKeyCreated,
  CliKeyInfo,
  CliKeyList,
  CliMe,
  CliUsage,
  EDITOR_PATHS,
  EditorHistory,
  EditorUsage,
  InferenceError,
  KeyAnswer,
  LedgerPosting,
  WEB_CREDIT_PATHS,
  WebConfig,
  WebKeySecret,
} from "@oa/contract";
import { setTimeout as sleep } from "node:timers/promises";
import * as z from "zod";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { chat, creditsOf, newKey, newSpender, settled, type Spender } from "./support/credits.ts";
import { startTestStack, type TestStack } from "./support/stack.ts";
import { mailedTokens, program, type Reply, Visitor } from "./support/visitor.ts";

const ADMIN = "admin@example.com";
/** How long a Worker may remember a key's secret. */
const KEY_MEMORY_MS = 5_000;

let stack: TestStack;
beforeAll(async () => {
  stack = await startTestStack({ ADMIN_EMAILS: ADMIN });
});
afterAll(() => stack.dispose());

/** One request of someone's terminal. */
const cli = (who: Spender, method: string, path: string, body?: unknown) =>
  program(stack, method, `/v1${path}`, { token: who.managementKey, ...(body !== undefined && { body }) });
const editor = (who: Spender, path: string) => program(stack, "GET", path, { token: who.jwt });
const ofKey = (hash: string, path: string = CLI_CREDIT_PATHS.key) => path.replace("{hash}", hash);

function dataOf<S extends z.ZodType>(schema: S, reply: Reply): z.output<S> {
  const body = z.object({ data: z.unknown().optional(), error: z.unknown().optional() }).parse(reply.json());
  if (body.error !== undefined) throw new Error(reply.text);
  return schema.parse(body.data);
}
const failure = (reply: Reply) => [
  reply.status,
  z.object({ error: z.object({ code: z.string() }) }).parse(reply.json()).error.code,
];

/** What a call with this bearer is answered: its status, or the code of its refusal. */
async function answerTo(bearer: string, completion = 1): Promise<number | string> {
  const call = await chat(stack, bearer, { prompt_tokens: 10, completion_tokens: completion }, { max_tokens: 100 });
  const body: unknown = await call.json();
  return call.ok ? call.status : InferenceError.parse(body).error.code;
}

/** What a call with this bearer is answered once it is refused, or at the end of the time given. */
async function refusalOf(bearer: string, deadlineMs: number): Promise<number | string> {
  for (const deadline = performance.now() + deadlineMs; ; await sleep(500)) {
    const answer = await answerTo(bearer);
    if (answer !== 200 || performance.now() > deadline) return answer;
  }
}

describe("a provisioned key", () => {
  it("is what its owner says it is: limited, rotated with a grace, put out of use, and revoked for good", async () => {
    const ada = await newSpender(stack, "keys@example.com");
    const wish = { name: "my-app", credit_limit: 1, limit_reset: "weekly", expires_at: "2099-01-01" };
    const made = dataOf(CliKeyCreated, await cli(ada, "POST", "/keys", wish));
    expect(made.key).toMatch(/^sk-prov-[0-9A-Za-z]{49}$/);
    expect(made).toMatchObject({ name: "my-app", credit_limit: 1, limit_reset: "weekly", usage: 0, disabled: false });
    expect(Date.parse(made.resets_at ?? "")).toBeGreaterThan(Date.now());
    expect(await answerTo(made.key)).toBe(200);

    const self = await program(stack, "GET", "/key", { token: made.key });
    expect(dataOf(CliKeyInfo, self)).toMatchObject({ hash: made.hash, name: "my-app" });
    expect((await program(stack, "GET", "/key", { token: ada.managementKey })).status).toBe(401);
    expect((await program(stack, "GET", "/credits", { token: made.key })).status).toBe(401);

    const rotate = ofKey(made.hash, CLI_CREDIT_PATHS.keyRotate);
    const second = dataOf(CliKeyCreated, await cli(ada, "POST", rotate, { grace_seconds: 3600 }));
    expect([second.hash, second.name]).toEqual([made.hash, "my-app"]);
    expect(await Promise.all([made.key, second.key].map((key) => answerTo(key)))).toEqual([200, 200]);
    const third = dataOf(CliKeyCreated, await cli(ada, "POST", rotate, {}));
    expect(await answerTo(third.key)).toBe(200);
    for (const old of [made.key, second.key]) {
      expect(await refusalOf(old, KEY_MEMORY_MS + 5_000)).toMatch(/^(UNAUTHORIZED|KEY_REVOKED)$/);
    }

    const patch = (change: object) => cli(ada, "PATCH", ofKey(made.hash), change);
    expect(dataOf(CliKey, await patch({ disabled: true, name: "paused" }))).toMatchObject({ name: "paused" });
    expect(await answerTo(third.key)).toBe("KEY_DISABLED");
    expect(dataOf(CliKey, await patch({ disabled: false, credit_limit: 0 })).credit_limit).toBe(0);
    expect(await answerTo(third.key)).toBe("CREDIT_LIMIT_EXCEEDED");
    expect(dataOf(CliKey, await patch({ credit_limit: null })).credit_limit).toBeNull();
    expect(await answerTo(third.key)).toBe(200);

    expect((await cli(ada, "DELETE", ofKey(made.hash))).status).toBe(200);
    expect(await answerTo(third.key)).toBe("KEY_REVOKED");
    expect(failure(await cli(ada, "DELETE", ofKey(made.hash)))).toEqual([410, "KEY_ALREADY_REVOKED"]);
    expect(failure(await cli(ada, "POST", rotate, {}))).toEqual([410, "KEY_REVOKED"]);
    expect(failure(await patch({ disabled: false }))).toEqual([410, "KEY_REVOKED"]);
    expect(dataOf(CliKeyList, await cli(ada, "GET", "/keys")).total).toBe(0);
    const all = dataOf(CliKeyList, await cli(ada, "GET", "/keys?include_revoked=true"));
    expect(all.items.map(({ hash, revoked_at }) => [hash, revoked_at !== null])).toEqual([[made.hash, true]]);
  });

  it("has a name of its own among its owner's, and is nobody else's business", async () => {
    const ada = await newSpender(stack, "owner@example.com");
    const bob = await newSpender(stack, "other@example.com");
    const made = await newKey(stack, ada, { name: "shared name" });
    expect(failure(await cli(ada, "POST", "/keys", { name: "shared name" }))).toEqual([409, "KEY_NAME_EXISTS"]);
    await newKey(stack, bob, { name: "shared name" });
    expect(dataOf(CliMe, await cli(bob, "GET", "/auth/me"))).toMatchObject({ keys_count: 1, credits_remaining: 5 });
    const acts = (hash: string) =>
      Promise.all([
        cli(bob, "GET", ofKey(hash)),
        cli(bob, "PATCH", ofKey(hash), { disabled: true }),
        cli(bob, "POST", ofKey(hash, CLI_CREDIT_PATHS.keyRotate), {}),
        cli(bob, "DELETE", ofKey(hash)),
      ]);
    const foreign = await acts(made.hash);
    const unknown = await acts("0123456789abcdef");
    expect(foreign.map(({ text }) => text)).toEqual(unknown.map(({ text }) => text));
    for (const reply of foreign) expect(failure(reply)).toEqual([404, "KEY_NOT_FOUND"]);
    expect(await answerTo(made.key)).toBe(200);
  });

  it.each([
    { name: "x", credit_limit: "10" },
    { name: "x", credit_limit: -1 },
    { name: "x", limit_reset: "hourly" },
    { name: "x", expires_at: "2020-01-01" },
    { name: "" },
    {},
  ])("is not made of %j", async (body) => {
    const ada = await newSpender(stack, `bad-${JSON.stringify(body).replaceAll(/[^a-z0-9]/g, "")}@example.com`);
    expect(failure(await cli(ada, "POST", "/keys", body))).toEqual([400, "INVALID_INPUT"]);
    expect(dataOf(CliKeyList, await cli(ada, "GET", "/keys?include_revoked=true")).total).toBe(0);
  });
});

describe("what was spent", () => {
  /** gpt-4o: $2.50 and $10 for a million tokens; 1,000 in and 400 out. */
  const CALL = { prompt_tokens: 1000, completion_tokens: 400 };
  const CALL_MICROUSD = 6_500;

  it("is told alike by history, usage, files and the editor's lists", async () => {
    const ada = await newSpender(stack, "spent@example.com");
    const key = await newKey(stack, ada, { name: "my app" });
    for (const bearer of [ada.jwt, key.key, key.key]) {
      await (await chat(stack, bearer, CALL, { max_tokens: 400 })).text();
    }
    const standing = await settled(stack, ada.userId);
    expect(standing.lifetime_debit_microusd).toBe(3 * CALL_MICROUSD);
    const credits = dataOf(CliCredits, await cli(ada, "GET", "/credits"));
    expect(credits).toMatchObject({ total_credits: 5, total_usage: 0.0195, remaining: 4.9805, held: 0 });

    const history = dataOf(CliHistory, await cli(ada, "GET", "/credits/history?limit=3"));
    expect(history).toMatchObject({ total: 4, has_more: true });
    expect(history.items.map(({ type, amount_microusd }) => [type, amount_microusd])).toEqual(
      Array.from({ length: 3 }, () => ["usage", -CALL_MICROUSD]),
    );
    const grants = dataOf(CliHistory, await cli(ada, "GET", "/credits/history?type=grant"));
    expect(grants).toMatchObject({ total: 1, items: [{ kind: "signup_grant", amount: 5 }] });

    const info = dataOf(CliKeyInfo, await cli(ada, "GET", ofKey(key.hash)));
    expect(info).toMatchObject({ usage: 0.013, usage_daily: 0.013, usage_monthly: 0.013, requests_count: 2 });
    const usage = async (group: string) => dataOf(CliUsage, await cli(ada, "GET", `/usage?group=${group}`));
    expect(await usage("model")).toMatchObject({
      items: [{ group: "gpt-4o", requests: 3, input_tokens: 3000, output_tokens: 1200, cost_microusd: 19_500 }],
    });
    const byKey = (await usage("key")).items;
    expect(byKey.find(({ group }) => group === key.hash)).toMatchObject({ label: "my app", requests: 2 });
    expect(byKey.find(({ group }) => group === "")).toMatchObject({ requests: 1 });
    expect((await usage("day")).items).toMatchObject([{ group: new Date().toISOString().slice(0, 10), requests: 3 }]);

    const lines = (await cli(ada, "GET", "/credits/export?format=jsonl")).text.trimEnd().split("\n");
    const amounts = lines.map((line) => z.object({ amount_microusd: z.int() }).parse(JSON.parse(line)).amount_microusd);
    expect(amounts).toEqual([5_000_000, -CALL_MICROUSD, -CALL_MICROUSD, -CALL_MICROUSD]);
    const file = await cli(ada, "GET", "/usage/export");
    expect(file.headers.get("content-disposition")).toBe('attachment; filename="usage.csv"');
    const rows = file.text.trimEnd().split("\r\n");
    expect(rows).toHaveLength(4);
    expect(rows[0]).toMatch(/^call_id,created_at,endpoint,model,key_hash,key_name,/);
    expect(rows.slice(1).filter((row) => row.includes(`,${key.hash},${key.name},1000,`))).toHaveLength(2);
    const past = await cli(ada, "GET", "/usage/export?format=jsonl&to=2020-01-01");
    expect(past.text).toBe("");

    const calls = EditorUsage.parse((await editor(ada, `${EDITOR_PATHS.usage}?limit=2`)).json());
    expect(calls).toMatchObject({ total: 3, page: 1, limit: 2 });
    expect(calls.items[0]).toMatchObject({ model: "gpt-4o", tokens_in: 1000, tokens_out: 400, cost_usd: 0.0065 });
    const last = EditorUsage.parse((await editor(ada, `${EDITOR_PATHS.usage}?limit=2&page=2`)).json());
    expect(last.items.map(({ key_name }) => key_name)).toEqual([null]);
    const billing = EditorHistory.parse((await editor(ada, EDITOR_PATHS.billingHistory)).json());
    expect(billing.items.map(({ type }) => type)).toEqual(["usage", "usage", "usage", "grant"]);
    expect(billing.items[0]?.balance_after_usd).toBe(credits.balance);
  });
});

describe("the page", () => {
  it("makes a key that works, changes, rotates and revokes it, and gives the ledger as a file", async () => {
    const person = new Visitor(stack);
    await person.signUp("page@example.com");
    expect((await person.data(WebConfig, "GET", "/web/config")).inference).toBe(true);
    const made = await person.data(WebKeySecret, "POST", WEB_CREDIT_PATHS.webKeys, { name: "from the page" });
    expect(await answerTo(made.key)).toBe(200);
    const path = ofKey(made.hash, WEB_CREDIT_PATHS.webKey);
    const { key } = await person.data(KeyAnswer, "POST", path, { credit_limit: 2, limit_reset: "monthly" });
    expect(key).toMatchObject({ credit_limit_microusd: 2_000_000, limit_reset: "monthly" });
    const rotate = ofKey(made.hash, WEB_CREDIT_PATHS.webKeyRotate);
    const next = await person.data(WebKeySecret, "POST", rotate, {});
    expect(await answerTo(next.key)).toBe(200);
    const ledger = await person.send("GET", WEB_CREDIT_PATHS.webLedgerExport);
    expect(ledger.headers.get("content-type")).toContain("text/csv");
    expect(ledger.text).toContain(",signup_grant,5,5000000,");
    await person.data(KeyAnswer, "DELETE", path);
    expect(await answerTo(next.key)).toBe("KEY_REVOKED");
  });
});

describe("an administrator", () => {
  it("gives and takes credits with a reason, once, and stops spending and lets it go on", async () => {
    const admin = new Visitor(stack);
    await admin.signUp(ADMIN);
    const [token = ""] = await mailedTokens(stack, ADMIN, /Confirm/);
    await admin.send("POST", ACCOUNT_PATHS.webEmailVerify, { token });
    const bob = await newSpender(stack, "adjusted@example.com");
    const adjust = WEB_CREDIT_PATHS.adminAdjust.replace("{userId}", bob.userId);
    const gift = { amount_usd: 2.5, reason: "For the outage of Monday", idempotency_key: "gift-0001" };
    const given = await admin.data(LedgerPosting, "POST", adjust, gift);
    expect(given).toMatchObject({ kind: "admin_credit", amount_usd: 2.5, replayed: false });
    expect((await admin.data(LedgerPosting, "POST", adjust, gift)).replayed).toBe(true);
    await admin.data(LedgerPosting, "POST", adjust, {
      amount_usd: -0.5,
      reason: "Too much",
      idempotency_key: "gift-0002",
    });
    expect((await creditsOf(stack, bob)).balance).toBe(7);
    const history = dataOf(CliHistory, await cli(bob, "GET", "/credits/history?type=adjustment"));
    expect(history.items.map(({ amount }) => amount)).toEqual([-0.5, 2.5]);
    expect(history.items[1]?.description).toContain("For the outage of Monday");

    const freeze = WEB_CREDIT_PATHS.adminFreeze.replace("{userId}", bob.userId);
    await admin.send("POST", freeze, { frozen: true, reason: "A disputed payment" });
    expect(await answerTo(bob.jwt)).toBe("ACCOUNT_FROZEN");
    expect((await creditsOf(stack, bob)).status).toBe("frozen");
    await admin.send("POST", freeze, { frozen: false, reason: "Settled" });
    expect(await answerTo(bob.jwt)).toBe(200);

    const visitor = new Visitor(stack);
    await visitor.signUp("nobody-special@example.com");
    expect((await visitor.send("POST", adjust, gift)).status).toBe(403);
    expect((await visitor.send("POST", freeze, { frozen: true, reason: "because" })).status).toBe(403);
  });
});
