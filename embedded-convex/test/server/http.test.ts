/** The HTTP API under the official ConvexHttpClient and under plain requests. */
import { connect } from "node:net";
import { ConvexHttpClient } from "convex/browser";
import { makeFunctionReference } from "convex/server";
import { ConvexError } from "convex/values";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { api } from "../fixtures/chat/convex/_generated/api.js";
import { startChat, type Chat } from "../support/chat.ts";

let chat: Chat;
beforeAll(async () => {
  chat = await startChat();
});
afterAll(() => chat.close());

const client = () => new ConvexHttpClient(chat.deployment.url, { logger: false });

function post(path: string, body: unknown, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(chat.deployment.url + path, { method: "POST", body: JSON.stringify(body), headers });
}

describe("ConvexHttpClient", () => {
  it("queries, mutates and acts", async () => {
    const http = client();
    await http.mutation(api.messages.send, { channel: "http", body: "one" });
    expect(await http.query(api.messages.list, { channel: "http" })).toMatchObject([{ body: "one" }]);
    expect(await http.action(api.counters.addTwice, { name: "http" })).toBe(2);
  });

  it("gets the data of a ConvexError, int64 included, and the mutation left nothing behind", async () => {
    const http = client();
    const refused = await http.mutation(api.messages.refuse, { amount: 5n }).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(ConvexError);
    expect(refused).toMatchObject({ data: { code: "too_much", amount: 5n } });
    expect(await http.query(api.messages.list, { channel: "refused" })).toEqual([]);
  });

  it("cannot call internal functions", async () => {
    const http = client();
    // What a caller without types, or with bad intent, would send.
    const everything = makeFunctionReference<"query">("messages:everything");
    await expect(http.query(everything, {})).rejects.toThrow("Could not find public function");
  });

  it("acts as the user of its token, and is refused with a wrong one", async () => {
    const http = client();
    http.setAuth(await chat.token("ada"));
    expect(await http.query(api.users.whoAmI, {})).toMatchObject({
      tokenIdentifier: "https://issuer.example|ada",
      subject: "ada",
      name: "ada",
    });
    http.setAuth(await chat.token("ada", -120));
    await expect(http.query(api.users.whoAmI, {})).rejects.toThrow("TokenExpired");
    http.setAuth("nonsense");
    await expect(http.query(api.users.whoAmI, {})).rejects.toThrow("InvalidAuthHeader");
  });

  it("is sent to Convex for queries at one timestamp", async () => {
    await expect(client().consistentQuery(api.counters.read, { name: "ts" })).rejects.toThrow(
      "There is no POST /api/query_ts here. Run this app on Convex",
    );
  });

  it("sees what a function did wrong", async () => {
    await expect(client().query(api.messages.fail, {})).rejects.toThrow(
      /\[Request ID: \w+\] Server Error[^]*a secret detail/,
    );
  });
});

describe("plain HTTP", () => {
  it("calls internal functions with the admin key, also as a user", async () => {
    const admin = { authorization: `Convex ${chat.deployment.adminKey}` };
    const everything = await post("/api/query", { path: "messages:everything" }, admin);
    expect(await everything.json()).toMatchObject({ status: "success" });
    const ada = Buffer.from(JSON.stringify({ subject: "ada", issuer: "x", tokenIdentifier: "x|ada" })).toString(
      "base64",
    );
    const asAda = await post(
      "/api/query",
      { path: "users:whoAmI" },
      { authorization: `${admin.authorization}:${ada}` },
    );
    expect(await asAda.json()).toMatchObject({ value: { subject: "ada" } });
    const wrong = await post("/api/query", { path: "users:whoAmI" }, { authorization: "Convex another-key" });
    expect(wrong.status).toBe(401);
  });

  it("takes a function without its kind, and gives int64 in Convex's encoding", async () => {
    const admin = { authorization: `Convex ${chat.deployment.adminKey}` };
    const sent = await post("/api/mutation", { path: "messages:send", args: { channel: "plain", body: "x" } });
    const { value: id } = z.object({ value: z.string() }).parse(await sent.json());
    await post("/api/function", { path: "messages:like", args: { id } }, admin);
    const listed = await post("/api/query", { path: "messages:list", args: [{ channel: "plain" }] });
    expect(await listed.json()).toMatchObject({
      status: "success",
      value: [{ body: "x", likes: { $integer: "AQAAAAAAAAA=" } }],
    });
  });

  it.each([
    ["a body that is not JSON", "/api/query", "{", 400, "BadJsonBody"],
    ["a body without a path", "/api/query", "{}", 400, "BadJsonBody"],
    ["arguments that are no object", "/api/query", '{"path":"users:whoAmI","args":[1]}', 400, "InvalidArgument"],
    ["a component without the admin key", "/api/query", '{"path":"a:b","componentPath":"x"}', 403, "Forbidden"],
    ["the CLI's queries without the admin key", "/api/query", '{"path":"_system/cli/tables"}', 403, "Forbidden"],
    ["a deploy without the admin key", "/api/deploy2/start_push", "{}", 401, "MissingAdminKey"],
    ["an address that does not exist", "/api/nothing", "{}", 404, "NotFound"],
    ["a way of calling it leaves to Convex", "/api/run/messages/send", "{}", 404, "NotFound"],
    ["values in plain JSON", "/api/query", '{"path":"users:whoAmI","format":"json"}', 400, "BadJsonBody"],
  ])("refuses %s with a code and a sentence", async (_what, path, body, status, code) => {
    const answer = await fetch(chat.deployment.url + path, { method: "POST", body });
    expect(answer.status).toBe(status);
    const error = z.strictObject({ code: z.string(), message: z.string() }).parse(await answer.json());
    expect(error.code).toBe(code);
    expect(error.message).toMatch(/^.{10,}\.$/);
  });

  it("stops reading a body that is too large, packed or not", async () => {
    const tooLarge = await post("/api/query", { path: "x".repeat(25 * 1024 * 1024) }).catch(() => null);
    // The server may close before the client has sent everything.
    expect([413, undefined]).toContain(tooLarge?.status);
    const { brotliCompressSync } = await import("node:zlib");
    const bomb = await fetch(`${chat.deployment.url}/api/query`, {
      method: "POST",
      body: brotliCompressSync(Buffer.alloc(64 * 1024 * 1024, 32)),
      headers: { "content-encoding": "br" },
    });
    expect(bomb.status).toBe(413);
  });

  it.each([
    ["a host that is none", "GET /version HTTP/1.1\r\nhost: no host\r\n", /^HTTP\/1\.1 400 [^]*"code":"BadRequest"/],
    ["an address that is none", "GET http://[ HTTP/1.1\r\nhost: x\r\n", /^HTTP\/1\.1 400 [^]*"code":"BadRequest"/],
    ["no host", "GET /instance_name HTTP/1.0\r\n", /^HTTP\/1\.1 200 [^]*embedded$/],
  ])("answers a request that names %s", async (_what, head, expected) => {
    const { hostname, port } = new URL(chat.deployment.url);
    const socket = connect(Number(port), hostname);
    socket.write(`${head}connection: close\r\n\r\n`);
    expect((await socket.setEncoding("utf8").toArray()).join("")).toMatch(expected);
  });

  it("may be called from a page of any origin", async () => {
    const origin = "https://page.example";
    const preflight = await fetch(`${chat.deployment.url}/api/query`, {
      method: "OPTIONS",
      headers: { origin, "access-control-request-headers": "authorization,convex-client" },
    });
    expect(preflight.status).toBe(204);
    expect(preflight.headers.get("access-control-allow-origin")).toBe(origin);
    expect(preflight.headers.get("access-control-allow-headers")).toBe("authorization,convex-client");
    const refused = await fetch(`${chat.deployment.url}/api/query`, { method: "POST", body: "{", headers: { origin } });
    expect(refused.headers.get("access-control-allow-origin")).toBe(origin);
  });
});

describe("HTTP actions", () => {
  it("are served on the site port and under /http of the main one", async () => {
    const body = JSON.stringify({ channel: "site", body: "hi" });
    for (const base of [chat.deployment.siteUrl, `${chat.deployment.url}/http`]) {
      const answer = await fetch(`${base}/messages`, { method: "POST", body });
      expect(answer.status).toBe(201);
      expect(answer.headers.get("x-path")).toBe("/messages");
      expect(answer.headers.getSetCookie()).toEqual(["a=1"]);
    }
    expect(await client().query(api.messages.list, { channel: "site" })).toHaveLength(2);
  });

  it("answer while the request is still being sent", async () => {
    const first = Promise.withResolvers<void>();
    const parts = new ReadableStream<Uint8Array>({
      async start(controller) {
        controller.enqueue(new TextEncoder().encode("loud"));
        await first.promise;
        controller.enqueue(new TextEncoder().encode("er"));
        controller.close();
      },
    });
    const answer = await fetch(`${chat.deployment.siteUrl}/shout`, { method: "POST", body: parts, duplex: "half" });
    const reader = answer.body?.pipeThrough(new TextDecoderStream()).getReader();
    expect(await reader?.read()).toEqual({ done: false, value: "LOUD" });
    first.resolve();
    expect(await reader?.read()).toEqual({ done: false, value: "ER" });
  });

  it("survive clients that go away, or send more than they may", async () => {
    const { hostname, port } = new URL(chat.deployment.siteUrl);
    for (const path of ["/shout", "/messages", "/nowhere"]) {
      const socket = connect(Number(port), hostname);
      socket.on("error", () => undefined);
      socket.write(`POST ${path} HTTP/1.1\r\nhost: x\r\ncontent-length: 1000\r\n\r\nonly a little`);
      await new Promise((resolve) => setTimeout(resolve, 100));
      socket.resetAndDestroy();
    }
    const tooMuch = await fetch(`${chat.deployment.siteUrl}/messages`, {
      method: "POST",
      body: JSON.stringify({ channel: "x", body: "x".repeat(21 * 1024 * 1024) }),
    }).catch(() => null);
    expect([500, undefined]).toContain(tooMuch?.status);
    expect(await client().query(api.messages.list, { channel: "x" })).toEqual([]);
  });

  it("know the user of a token, and treat a wrong one as nobody's", async () => {
    const who = async (authorization: string) =>
      (await fetch(`${chat.deployment.siteUrl}/who/am-i`, { headers: { authorization } })).json();
    expect(await who(`Bearer ${await chat.token("ada")}`)).toMatchObject({ subject: "ada" });
    expect(await who("Bearer wrong")).toBeNull();
    expect(await who("Basic something")).toBeNull();
  });

  it("answer 404 where the app has no route", async () => {
    expect((await fetch(`${chat.deployment.siteUrl}/nowhere`)).status).toBe(404);
  });
});
