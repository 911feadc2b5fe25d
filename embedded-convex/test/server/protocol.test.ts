/** The sync protocol message by message: what the official clients rely on and never show. */
import { ConvexClient, ConvexHttpClient } from "convex/browser";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { WebSocket } from "ws";
import { api } from "../fixtures/chat/convex/_generated/api.js";
import { startChat, type Chat } from "../support/chat.ts";
import { addQuery, connectRaw, type RawClient, type Transition } from "../support/raw-client.ts";
import { waitFor } from "../support/wait.ts";

let chat: Chat;
beforeAll(async () => {
  chat = await startChat();
});
afterAll(() => chat.close());

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

async function connect(hello?: object | null): Promise<RawClient> {
  const client = await connectRaw(chat.deployment.url, hello);
  cleanups.push(() => client.socket.terminate());
  return client;
}

const http = () => new ConvexHttpClient(chat.deployment.url, { logger: false });
const ts = (encoded: string) => Buffer.from(encoded, "base64").readBigUInt64LE();

/** Each transition starts where the one before ended, and time does not go back. */
function expectUnbroken(transitions: Transition[]): void {
  let version = { querySet: 0, identity: 0, ts: "AAAAAAAAAAA=" };
  for (const transition of transitions) {
    expect(transition.startVersion).toEqual(version);
    expect(ts(transition.endVersion.ts)).toBeGreaterThanOrEqual(ts(version.ts));
    version = transition.endVersion;
  }
}

function valueOf(client: RawClient, queryId: number): unknown {
  const news = client.transitions().flatMap((transition) => transition.modifications);
  return news.findLast((one) => one.queryId === queryId)?.value;
}

describe("transitions", () => {
  it("form one unbroken chain, show all queries at one commit, and say nothing of what did not change", async () => {
    const client = await connect();
    client.send(addQuery(0, 0, "counters:read", { name: "both" }));
    client.send(addQuery(1, 1, "counters:read", { name: "both" }));
    client.send(addQuery(2, 2, "counters:read", { name: "other" }));
    await waitFor(
      () => client.transitions().at(-1)?.endVersion.querySet,
      (version) => version === 3,
    );
    const before = client.transitions().length;
    for (let value = 1; value <= 20; value += 1) {
      await http().mutation(api.counters.add, { name: "both", amount: 1 });
    }
    await waitFor(
      () => valueOf(client, 1),
      (value) => value === 20,
    );
    expectUnbroken(client.transitions());
    for (const { modifications } of client.transitions().slice(before)) {
      expect(modifications.map((one) => one.queryId)).toEqual([0, 1]);
      expect(modifications[0]?.value).toBe(modifications[1]?.value);
    }
  });

  it("follow the answer to a mutation and reach its commit, even where no query changed", async () => {
    const client = await connect();
    client.send(addQuery(0, 0, "counters:read", { name: "mine" }));
    for (let requestId = 0; requestId < 10; requestId += 1) {
      const args = [{ name: requestId % 2 === 0 ? "mine" : "elsewhere", amount: 1 }];
      client.send({ type: "Mutation", requestId, udfPath: "counters:add", args });
    }
    const last = () => {
      const answers = client.messages.filter((message) => message.type === "MutationResponse");
      return answers.find(({ requestId }) => requestId === 9)?.ts ?? null;
    };
    // A transition that was on its way already may come between the answer and the one that reaches it.
    await waitFor(last, (at) => at !== null && client.transitions().some((one) => ts(one.endVersion.ts) >= ts(at)));
    expectUnbroken(client.transitions());
    for (const [index, message] of client.messages.entries()) {
      if (message.type !== "MutationResponse" || message.ts === null) continue;
      const committed = ts(message.ts);
      const before = client.messages.slice(0, index).filter((one) => one.type === "Transition");
      const after = client.messages.slice(index).filter((one) => one.type === "Transition");
      expect(before.every((one) => ts(one.endVersion.ts) < committed)).toBe(true);
      expect(after.some((one) => ts(one.endVersion.ts) >= committed)).toBe(true);
    }
  });

  it("are folded together for a client that does not read, and end in the newest state", async () => {
    const client = await connect();
    const padding = "x".repeat(50_000);
    client.send(addQuery(0, 0, "messages:list", { channel: "slow" }));
    await waitFor(
      () => client.transitions().length,
      (count) => count > 0,
    );
    client.socket.pause();
    for (let index = 0; index < 60; index += 1) {
      await http().mutation(api.messages.send, { channel: "slow", body: `${index} ${padding}` });
    }
    client.socket.resume();
    const all = await waitFor(
      () => valueOf(client, 0),
      (value) => Array.isArray(value) && value.length === 60,
    );
    expect(all).toHaveLength(60);
    expect(client.transitions().length).toBeLessThan(50);
    expectUnbroken(client.transitions());
  });

  it("that are large come in parts, which the official client puts together", async () => {
    for (let index = 0; index < 12; index += 1) {
      await http().mutation(api.messages.send, { channel: "large", body: String(index).padEnd(900_000, "x") });
    }
    const raw = await connect();
    raw.send(addQuery(0, 0, "messages:list", { channel: "large" }));
    await waitFor(
      () => raw.messages.length,
      (count) => count >= 3,
    );
    expect(raw.messages.every((message) => message.type === "TransitionChunk")).toBe(true);

    const client = new ConvexClient(chat.deployment.url, { logger: false, unsavedChangesWarning: false });
    cleanups.push(() => client.close());
    const lengths: number[] = [];
    cleanups.push(
      client.onUpdate(api.messages.list, { channel: "large" }, (messages) => lengths.push(messages.length)),
    );
    await waitFor(
      () => lengths,
      (seen) => seen.length === 1,
    );
    expect(lengths).toEqual([12]);
  });

  it("that come in parts are not broken by answers to mutations, which the official client cannot put aside", async () => {
    const client = await connect();
    const add = (requestId: number) =>
      client.send({ type: "Mutation", requestId, udfPath: "counters:add", args: [{ name: "between", amount: 1 }] });
    client.send(addQuery(0, 0, "messages:list", { channel: "large" }));
    for (let requestId = 0; requestId < 300; requestId += 1) add(requestId);
    await waitFor(
      () => client.messages.filter((message) => message.type === "MutationResponse"),
      (answers) => answers.length === 300,
    );
    const parts = await waitFor(
      () => client.messages.flatMap((message) => (message.type === "TransitionChunk" ? [message] : [])),
      (chunks) => chunks.length > 0 && chunks.length === chunks[0]?.totalParts,
    );
    expect(parts.length).toBeGreaterThan(2);
    const first = client.messages.findIndex((message) => message.type === "TransitionChunk");
    const together = client.messages.slice(first).filter((message) => message.type !== "Ping");
    expect(together.slice(0, parts.length)).toEqual(parts);
  });

  it("tell of a query's end, and of the next push", async () => {
    const client = await connect();
    client.send(addQuery(0, 0, "users:greeting", {}));
    await waitFor(
      () => client.transitions().length,
      (count) => count === 1,
    );
    await fetch(`${chat.deployment.url}/api/update_environment_variables`, {
      method: "POST",
      body: JSON.stringify({ changes: [{ name: "GREETING", value: "hi" }] }),
      headers: { authorization: `Convex ${chat.deployment.adminKey}` },
    });
    await waitFor(
      () => valueOf(client, 0),
      (value) => value === "hi",
    );
    const remove = [{ type: "Remove", queryId: 0 }];
    client.send({ type: "ModifyQuerySet", baseVersion: 1, newVersion: 2, modifications: remove });
    const ended = await waitFor(
      () => client.transitions().at(-1),
      (transition) => transition?.endVersion.querySet === 2,
    );
    expect(ended?.modifications).toEqual([{ type: "QueryRemoved", queryId: 0 }]);
  });
});

describe("a mutation", () => {
  it("sent again on another socket of the same session gives the stored answer and changes nothing", async () => {
    const sessionId = crypto.randomUUID();
    const mutation = { type: "Mutation", requestId: 7, udfPath: "counters:add", args: [{ name: "again", amount: 1 }] };
    const answers = [];
    for (let attempt = 0; attempt < 3; attempt += 1) {
      const client = await connect({ sessionId });
      client.send(mutation);
      answers.push(
        await waitFor(
          () => client.messages.find((message) => message.type === "MutationResponse"),
          (message) => message !== undefined,
        ),
      );
    }
    expect(answers[0]).toMatchObject({ success: true, result: 1 });
    expect(answers[1]).toEqual(answers[0]);
    expect(answers[2]).toEqual(answers[0]);
    expect(await http().query(api.counters.read, { name: "again" })).toBe(1);
  });

  it("may be tried again after it failed", async () => {
    const client = await connect();
    const send = (args: object) =>
      client.send({ type: "Mutation", requestId: 0, udfPath: "counters:add", args: [args] });
    send({ name: "retry" });
    send({ name: "retry", amount: 1 });
    const answers = await waitFor(
      () => client.messages.filter((message) => message.type === "MutationResponse"),
      (all) => all.length === 2,
    );
    expect(answers.map((answer) => answer.success)).toEqual([false, true]);
  });

  it("by the hundred is taken in order, without the server reading ahead of itself", async () => {
    const client = await connect();
    for (let requestId = 0; requestId < 600; requestId += 1) {
      client.send({ type: "Mutation", requestId, udfPath: "counters:add", args: [{ name: "many", amount: 1 }] });
    }
    const answers = await waitFor(
      () => client.messages.filter((message) => message.type === "MutationResponse"),
      (all) => all.length === 600,
      30_000,
    );
    expect(answers.map((answer) => answer.result)).toEqual(answers.map((_, index) => index + 1));
  });
});

describe("a client that does not read", () => {
  it("what it is answered is not read either, and is served in full once it does", async () => {
    const client = await connect();
    client.socket.pause();
    const args = [{ name: "unread", characters: 400_000 }];
    for (let requestId = 0; requestId < 200; requestId += 1)
      client.send({ type: "Mutation", requestId, udfPath: "counters:addAndTell", args });
    const applied = () => http().query(api.counters.read, { name: "unread" });
    let before = -1;
    const stalledAt = await waitFor(
      async () => {
        const now = await applied();
        const moved = now - before;
        before = now;
        await new Promise((resolve) => setTimeout(resolve, 500));
        return { now, moved };
      },
      ({ now, moved }) => now > 0 && moved === 0,
    );
    expect(stalledAt.now).toBeLessThan(150);
    client.socket.resume();
    await waitFor(
      () => client.messages.filter((message) => message.type === "MutationResponse"),
      (answers) => answers.length === 200,
    );
    expect(await applied()).toBe(200);
  });
});

describe("a client of a server that stops", () => {
  it("is answered first; one that goes away meanwhile does not keep the server from its end", async () => {
    const slow = (name: string, delayMs: number) => ({
      type: "Action",
      requestId: 0,
      udfPath: "counters:addLater",
      args: [{ name, delayMs }],
    });
    const [patient, leaving] = [await connect(), await connect()];
    patient.send(slow("patient", 600));
    leaving.send(slow("leaving", 900));
    await http().query(api.counters.read, { name: "patient" });
    const restarted = chat.restart();
    setTimeout(() => leaving.socket.terminate(), 300);
    expect(await patient.closed).toMatchObject({ code: 1001 });
    expect(patient.messages).toMatchObject([{ type: "ActionResponse", success: true }]);
    await restarted;
    expect(await http().query(api.counters.read, { name: "leaving" })).toBe(1);
  });
});

describe("a client that breaks the protocol", () => {
  it.each([
    ["names a timestamp that is none", { maxObservedTimestamp: "zz" }, { type: "Event" }],
    ["speaks before it connects", null, addQuery(0, 0, "users:whoAmI", {})],
    ["skips a version", {}, addQuery(3, 0, "users:whoAmI", {})],
    ["sends something else", {}, { type: "Hello" }],
    [
      "removes a query it does not have",
      {},
      {
        type: "ModifyQuerySet",
        baseVersion: 0,
        newVersion: 1,
        modifications: [{ type: "Remove", queryId: 9 }],
      },
    ],
  ])("is told so and let go when it %s", async (_what, hello, message) => {
    const client = await connect(hello);
    client.send(message);
    expect(await client.closed).toMatchObject({ code: 1002 });
    expect(client.messages.at(-1)).toMatchObject({ type: "FatalError" });
  });

  it("or asks for another address, or sends no text, harms nobody", async () => {
    const wrong = new WebSocket(`${chat.deployment.url.replace("http", "ws")}/api/other`);
    await new Promise((resolve) => wrong.once("error", resolve));
    const client = await connect();
    client.socket.send(Buffer.from([0xff, 0xfe]));
    expect(await client.closed).toMatchObject({ code: 1002 });
    expect(await http().query(api.counters.read, { name: "nobody" })).toBe(0);
  });
});

describe("a query whose arguments are nested deeper than any function takes", () => {
  it("fails by itself, and the others go on", async () => {
    const client = await connect();
    const deep = `${"[".repeat(100_000)}${"]".repeat(100_000)}`;
    const add = `{"type":"Add","queryId":0,"udfPath":"counters:read","args":[{"name":${deep}}]}`;
    client.socket.send(`{"type":"ModifyQuerySet","baseVersion":0,"newVersion":1,"modifications":[${add}]}`);
    client.send(addQuery(1, 1, "counters:read", { name: "shallow" }));
    await waitFor(
      () => client.transitions().at(-1)?.endVersion.querySet,
      (version) => version === 2,
    );
    const news = client.transitions().flatMap((transition) => transition.modifications);
    expect(news).toMatchObject([
      { type: "QueryFailed", queryId: 0, errorMessage: "The arguments are nested too deeply." },
      { type: "QueryUpdated", queryId: 1, value: 0 },
    ]);
  });
});

describe("who may see what", () => {
  it("an internal function and the CLI's queries fail for a client without the admin key, and alone", async () => {
    const client = await connect();
    const queries = ["messages:everything", "_system/cli/tables", "counters:read"].map((udfPath, queryId) => ({
      type: "Add",
      queryId,
      udfPath,
      args: [udfPath === "counters:read" ? { name: "x" } : {}],
    }));
    client.send({ type: "ModifyQuerySet", baseVersion: 0, newVersion: 1, modifications: queries });
    const [first] = await waitFor(
      () => client.transitions(),
      (transitions) => transitions.length > 0,
    );
    expect(first?.modifications.map((one) => one.type)).toEqual(["QueryFailed", "QueryFailed", "QueryUpdated"]);
  });

  it("a rejected token is answered with AuthError and a closed socket, before any query ran", async () => {
    const client = await connect();
    client.send({ type: "Authenticate", baseVersion: 0, tokenType: "User", value: await chat.token("eve", -3600) });
    client.send(addQuery(0, 0, "users:whoAmI", {}));
    await client.closed;
    expect(client.messages).toEqual([
      { type: "AuthError", error: "The token has expired.", baseVersion: 0, authUpdateAttempted: true },
    ]);
  });

  it("a client that has seen the future is asked to come back later", async () => {
    const tomorrow = Buffer.alloc(8);
    tomorrow.writeBigUInt64LE(BigInt(Date.now() + 86_400_000) * 1_000_000n);
    const client = await connect({ maxObservedTimestamp: tomorrow.toString("base64") });
    const { reason } = await client.closed;
    expect(reason).toContain("InternalServerError");
    expect(client.messages).toEqual([]);
  });
});
