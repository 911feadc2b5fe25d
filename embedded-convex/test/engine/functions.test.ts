/** What functions may do, what they may not, and what their callers are told. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, test } from "vitest";
import type { Engine } from "../../src/engine/engine.ts";
import type { PushedDefinition } from "../../src/engine/push/analysis.ts";
import type { Identity, LogEvent } from "../../src/engine/types.ts";
import { bundle, call, deployed, mutate, openIn, push, query, tempFolder, valueOf } from "./support.ts";

const ADA: Identity = {
  kind: "user",
  attributes: { subject: "ada", issuer: "https://id", tokenIdentifier: "https://id|ada" },
  token: "jwt",
  expiresAtMs: Infinity,
};

let fixture: PushedDefinition[];
beforeAll(async () => {
  fixture = await bundle();
});

async function engineWithFixture(): Promise<Engine> {
  const engine = await openIn(tempFolder());
  await push(engine, fixture);
  return engine;
}

async function failure(engine: Engine, udf: string, args = {}): Promise<string> {
  const info = engine.findFunction({ component: "", udf });
  const { result } =
    info?.kind === "query"
      ? await engine.runner.runQuery(call(udf, args))
      : await engine.runner.runMutation(call(udf, args));
  return result.ok ? `succeeded with ${result.valueJson}` : result.errorMessage;
}

describe("failures", () => {
  test("are told with the request's id, the error and where in the sources it was thrown", async () => {
    const engine = await engineWithFixture();
    const source = readFileSync(fileURLToPath(new URL("fixture/checks.ts", import.meta.url)), "utf8").split("\n");
    const line = (text: string) => source.findIndex((one) => one.trim() === text) + 1;
    const [head, error, ...frames] = (await failure(engine, "checks:throws")).split("\n");
    expect(head).toMatch(/^\[Request ID: [0-9a-f]{16}\] Server Error$/);
    expect(error).toBe("Uncaught RangeError: thrown inside");
    expect(frames).toEqual([
      `    at inner (../convex/checks.ts:${line('throw new RangeError("thrown inside");')}:9)`,
      `    at handler (../convex/checks.ts:${line("inner();")}:5)`,
    ]);
  });

  test("carry a ConvexError's data beside the message", async () => {
    const engine = await engineWithFixture();
    const { result, ts } = await engine.runner.runMutation(call("notes:refuse"));
    expect(result).toMatchObject({ ok: false, errorDataJson: '{"amount":3,"code":"refused"}' });
    expect(ts).toBeNull();
    expect(await query(engine, "notes:ofOwner", { owner: "nobody" })).toEqual([]);
  });

  test.each([
    ["a function that does not exist", "no:where", {}, true, "Could not find function for 'no:where'"],
    [
      "an internal function, called from outside",
      "checks:hidden",
      {},
      false,
      "Could not find public function for 'checks:hidden'",
    ],
    [
      "a mutation called as a query",
      "notes:add",
      {},
      true,
      "Trying to execute notes.js:add as Query, but it is defined as Mutation.",
    ],
    ["arguments that are not an object", "checks:logs", [1], true, "ArgumentValidationError"],
    ["an argument with a reserved field name", "checks:logs", { lines: { $odd: 1 } }, true, "ArgumentValidationError"],
    [
      "a result of another type than promised",
      "checks:lies",
      {},
      true,
      "ReturnsValidationError: Value does not match validator.\nValue: {a: 1}\nValidator: v.string()",
    ],
  ])("%s", async (_name, udf, args, allowInternal, sentence) => {
    const engine = await engineWithFixture();
    const { result } = await engine.runner.runQuery(call(udf, args, { allowInternal }));
    expect(result.ok ? "succeeded" : result.errorMessage).toContain(sentence);
  });
});

describe("the log", () => {
  test("has a function's lines in Convex's format, with its result and as an event", async () => {
    const engine = await engineWithFixture();
    const events: LogEvent[] = [];
    engine.events.on("log", (event) => events.push(event));
    const { result } = await engine.runner.runQuery(call("checks:logs", { lines: 2 }));
    expect(result.logLines).toEqual(["[LOG] 'text' 1 { a: [ 1n ] }", "[WARN] 'careful'"]);
    expect(events).toMatchObject([
      { kind: "query", path: { udf: "checks:logs" }, logLines: result.logLines, error: null },
    ]);
  });

  test("is cut at 256 lines, and says so", async () => {
    const engine = await engineWithFixture();
    const { result } = await engine.runner.runQuery(call("checks:logs", { lines: 1000 }));
    expect(result.logLines).toHaveLength(256);
    expect(result.logLines.at(-1)).toContain("Log overflow");
  });
});

describe("guards", () => {
  test.each([
    ["fetch", "Can't use fetch() in queries and mutations. Please consider using an action."],
    ["timer", "Can't use setTimeout in queries and mutations"],
    ["uuid", "Can't use crypto.randomUUID() in queries and mutations"],
    ["values", "Can't use crypto.getRandomValues() in queries and mutations"],
  ])("a mutation cannot use %s", async (what, sentence) => {
    expect(await failure(await engineWithFixture(), "notes:forbidden", { what })).toContain(sentence);
  });

  test("the clock stands still in a mutation, and chance is not always the same", async () => {
    const engine = await engineWithFixture();
    expect(await mutate(engine, "notes:forbidden", { what: "clock" })).toBe(0);
    const drawn = new Set(
      await Promise.all(Array.from({ length: 5 }, () => mutate(engine, "notes:forbidden", { what: "random" }))),
    );
    expect(drawn.size).toBe(5);
  });

  test("a mutation cannot import(), an action can", async () => {
    const source = `
import { action, mutation } from "./_generated/server.ts";
const load = async () => (await import("./model.ts")).perform.isMutation;
export const inMutation = mutation({ args: {}, handler: load });
export const inAction = action({ args: {}, handler: load });`;
    const engine = await deployed({ "lazy.ts": source });
    expect(await failure(engine, "lazy:inMutation")).toContain("Can't use import() in queries and mutations");
    expect(valueOf(await engine.runner.runAction(call("lazy:inAction")))).toBe(true);
  });

  test("outside of functions everything is as it was", async () => {
    const before = [fetch, setTimeout, Date, Math, crypto, console, process];
    await engineWithFixture();
    expect([fetch, setTimeout, Date, Math, crypto, console, process]).toEqual(before);
    expect(crypto.randomUUID()).toMatch(/^[0-9a-f-]{36}$/);
  });

  test("a write nobody waited for is refused once its mutation has ended", async () => {
    const engine = await engineWithFixture();
    await mutate(engine, "checks:careless");
    expect(await query(engine, "notes:ofOwner", { owner: "late" })).toMatchObject([{ text: "in time" }]);
  });
});

describe("limits", () => {
  test("calls nest seven deep, not eight", async () => {
    const engine = await engineWithFixture();
    expect(await query(engine, "checks:depth", { depth: 7 })).toBe(7);
    expect(await failure(engine, "checks:depth", { depth: 8 })).toContain("nested too deeply");
  });

  test("16,000 documents can be written, one more cannot; 32,000 read", async () => {
    const engine = await engineWithFixture();
    expect(await failure(engine, "checks:write", { count: 16_001 })).toContain(
      "Too many writes in a single function execution (limit: 16000)",
    );
    for (let i = 0; i < 2; i++) await mutate(engine, "checks:write", { count: 16_000 });
    expect(await query(engine, "checks:read", { queries: 0, collect: true })).toBe(32_000);
    await mutate(engine, "checks:write", { count: 1 });
    expect(await failure(engine, "checks:read", { queries: 0, collect: true })).toContain(
      "Too many documents read in a single function execution (limit: 32000)",
    );
    expect(await failure(engine, "checks:read", { queries: 4097, collect: false })).toContain(
      "Too many reads in a single function execution (limit: 4096)",
    );
  });

  test("a nested call can be given less; what it wrote too much is taken back and not counted", async () => {
    const engine = await engineWithFixture();
    expect(await mutate(engine, "checks:metered", { budget: 5 })).toEqual({
      outcome: "kept",
      documentsWritten: { used: 5, remaining: 15_995 },
    });
    const refused = await mutate(engine, "checks:metered", { budget: 4 });
    expect(refused).toMatchObject({ documentsWritten: { used: 0 } });
    expect(JSON.stringify(refused)).toContain("Too many writes in a single function execution (limit: 4)");
  });

  test("documents have a size and a depth", async () => {
    const engine = await engineWithFixture();
    expect(await failure(engine, "checks:big", { bytes: 1 << 20, nesting: 0 })).toContain("Value is too large");
    expect(await failure(engine, "checks:big", { bytes: 1, nesting: 17 })).toContain("nested too deeply");
    await mutate(engine, "checks:big", { bytes: (1 << 20) - 500, nesting: 10 });
  });
});

describe("the database refuses, with a sentence,", () => {
  test.each([
    ["patch _id", "does not match the document's"],
    ["replace _creationTime", "Provided `_creationTime` field value 1 does not match"],
    ["patch deleted", "Update on nonexistent document ID"],
    ["delete twice", "Delete on nonexistent document ID"],
    ["get system", "System tables can only be accessed from db.system.get()"],
    ["schedule nothing", "nonexistent path: no:where"],
    ["schedule query", "Only mutations and actions can be scheduled"],
    ["schedule far", "at most 5 years ahead"],
    ["unknown index", "Index notes.by_moon not found"],
    ["storage", "File storage (ctx.storage) is not part of embedded-convex"],
  ])("%s", async (what, sentence) => {
    const engine = await engineWithFixture();
    expect(await failure(engine, "checks:odd", { what })).toContain(sentence);
    expect(await query(engine, "notes:ofOwner", { owner: "ada" })).toEqual([]);
  });
});

describe("who calls", () => {
  test("is known to the function, with the attributes the server verified", async () => {
    const engine = await engineWithFixture();
    expect(valueOf((await engine.runner.runQuery(call("notes:whoAmI", {}, { identity: ADA }))).result)).toEqual(
      ADA.kind === "user" ? ADA.attributes : null,
    );
    expect(await query(engine, "notes:whoAmI")).toBeNull();
  });

  test("and what of the deployment and the request an action may see", async () => {
    const engine = await engineWithFixture();
    expect(valueOf(await engine.runner.runAction(call("checks:meta", {}, { identity: ADA })))).toEqual({
      fn: { name: "checks:meta", componentPath: "", type: "action", visibility: "public" },
      deployment: { name: "test-deployment", region: null, class: "s16" },
      request: { ip: null, userAgent: null, scheduledFunctionId: null, authToken: "jwt" },
      hasId: true,
    });
  });
});

describe("snapshots and subscriptions", () => {
  test("a query at a snapshot sees that moment, whatever is committed since", async () => {
    const engine = await engineWithFixture();
    await mutate(engine, "notes:add", { owner: "ada", text: "before" });
    const snapshot = engine.runner.snapshot();
    await mutate(engine, "notes:add", { owner: "ada", text: "after" });
    const then = await engine.runner.runQuery(call("notes:ofOwner", { owner: "ada" }), { at: snapshot });
    expect(then.ts).toBe(snapshot.ts);
    expect(valueOf(then.result)).toMatchObject([{ text: "before" }]);
    snapshot.close();
    expect(await query(engine, "notes:ofOwner", { owner: "ada" })).toHaveLength(2);
  });

  test("a commit touches the queries that read where it wrote, and no others", async () => {
    const engine = await engineWithFixture();
    const ada = await engine.runner.runQuery(call("notes:ofOwner", { owner: "ada" }));
    const bob = await engine.runner.runQuery(call("notes:ofOwner", { owner: "bob" }));
    const touched: boolean[][] = [];
    engine.events.on("commit", (commit) =>
      touched.push([ada, bob].map(({ reads }) => engine.touches(reads, commit.writes))),
    );
    const id = await mutate(engine, "notes:add", { owner: "ada", text: "x" });
    expect(touched).toEqual([[true, false]]);
    expect(id).toMatch(/^j/);
    expect(await engine.runner.runMutation(call("checks:hidden"))).toMatchObject({
      result: { valueJson: '"internal"' },
    });
    expect(touched).toHaveLength(1);
  });

  test("a page read again with its journal ends where it ended, with what came in between", async () => {
    const engine = await engineWithFixture();
    for (const rank of [1, 2, 5, 6]) await mutate(engine, "notes:add", { owner: "ada", text: `${rank}`, rank });
    const args = { owner: "ada", cursor: null, numItems: 3 };
    const first = await engine.runner.runQuery(call("notes:page", args));
    expect(valueOf(first.result)).toMatchObject({ page: [{ rank: 1 }, { rank: 2 }, { rank: 5 }], isDone: false });
    for (const rank of [3, 4, 7]) await mutate(engine, "notes:add", { owner: "ada", text: `${rank}`, rank });
    const again = await engine.runner.runQuery(call("notes:page", args), { journal: first.journal });
    expect(valueOf(again.result)).toMatchObject({ page: [1, 2, 3, 4, 5].map((rank) => ({ rank })) });
    expect(again.journal).toBe(first.journal);
  });

  test("a query that looked at the clock says so", async () => {
    const engine = await deployed({
      "clock.ts":
        'import { query } from "./_generated/server.ts"; export const now = query({ args: {}, handler: () => Date.now() > 0 });',
    });
    expect((await engine.runner.runQuery(call("clock:now"))).observedTime).toBe(true);
    expect((await engine.runner.runQuery(call("notes:ofOwner", { owner: "ada" }))).observedTime).toBe(false);
  });
});

describe("a mutation sent again", () => {
  test("with the same session and number is answered, not applied, even after a restart", async () => {
    const folder = tempFolder();
    const engine = await openIn(folder);
    await push(engine, fixture);
    const session = { sessionId: "s1", requestId: 7 };
    const add = call("notes:add", { owner: "ada", text: "once" });
    const first = await engine.runner.runMutation(add, { session });
    const second = await engine.runner.runMutation(add, { session });
    expect(second).toEqual(first);
    await engine.close();
    const reopened = await openIn(folder);
    expect(await reopened.runner.runMutation(add, { session })).toEqual(first);
    expect(await query(reopened, "notes:ofOwner", { owner: "ada" })).toHaveLength(1);
    await reopened.runner.runMutation(add, { session: { sessionId: "s1", requestId: 8 } });
    expect(await query(reopened, "notes:ofOwner", { owner: "ada" })).toHaveLength(2);
  });

  test("that failed is tried again: nothing of it was kept", async () => {
    const engine = await engineWithFixture();
    const session = { sessionId: "s1", requestId: 1 };
    expect((await engine.runner.runMutation(call("notes:refuse"), { session })).result.ok).toBe(false);
    expect((await engine.runner.runMutation(call("notes:add", { owner: "a", text: "b" }), { session })).result.ok).toBe(
      true,
    );
  });
});

describe("HTTP actions", () => {
  test("are routed, run with the app's functions, and stream their bodies", async () => {
    const engine = await deployed({
      "http.ts": `
import { httpRouter } from "convex/server";
import { api } from "./_generated/api.ts";
import { httpAction } from "./_generated/server.ts";
const http = httpRouter();
http.route({ pathPrefix: "/count/", method: "GET", handler: httpAction(async (ctx, request) => {
  const owner = new URL(request.url).pathname.split("/").at(-1) ?? "";
  return new Response(new ReadableStream({ async pull(controller) {
    const notes = await ctx.runQuery(api.notes.ofOwner, { owner });
    controller.enqueue(new TextEncoder().encode(String(notes.length)));
    controller.close();
  } }));
}) });
export default http;`,
    });
    await mutate(engine, "notes:add", { owner: "ada", text: "x" });
    const get = (path: string) => engine.runner.runHttpAction(new Request(`http://site${path}`), { kind: "none" });
    expect(await (await get("/count/ada")).text()).toBe("1");
    expect([(await get("/elsewhere")).status, await (await get("/elsewhere")).text()]).toEqual([
      404,
      "No matching routes found",
    ]);
  });

  test("that throw are a 500 that says what and where; without http.ts there are none", async () => {
    const engine = await engineWithFixture();
    const response = await engine.runner.runHttpAction(new Request("http://site/broken"), { kind: "none" });
    expect(response.status).toBe(500);
    const body = await response.text();
    expect(body).toContain("Server Error: Uncaught Error: broken on purpose");
    expect(body).toContain("../convex/http.ts:");
    const bare = await openIn(tempFolder());
    expect(await (await bare.runner.runHttpAction(new Request("http://site/"), { kind: "none" })).text()).toContain(
      "does not have HTTP actions enabled",
    );
  });
});
