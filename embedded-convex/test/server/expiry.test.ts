/** Tokens that run out while a client is connected; a server whose clock the test can move. */
import { join } from "node:path";
import { ConvexClient } from "convex/browser";
import { afterAll, beforeAll, expect, it } from "vitest";
import { startServer, type RunningServer } from "../../src/index.ts";
import { api } from "../fixtures/chat/convex/_generated/api.js";
import { CHAT_ISSUER } from "../support/chat.ts";
import { convexCli, copyFixture, deploy, tempDir } from "../support/deployment.ts";
import { createIssuer, type Issuer } from "../support/tokens.ts";
import { addQuery, connectRaw } from "../support/raw-client.ts";
import { waitFor } from "../support/wait.ts";

let server: RunningServer;
let issuer: Issuer;
let project: string;
let scratch: Awaited<ReturnType<typeof tempDir>>;
let ahead = 0;
/** What the operator was told. */
const faults: unknown[] = [];

beforeAll(async () => {
  scratch = await tempDir();
  issuer = await createIssuer();
  const dataDir = join(scratch.path, "data");
  server = await startServer({
    dataDir,
    port: 0,
    sitePort: 0,
    synchronous: "normal",
    redactErrors: true,
    now: () => Date.now() + ahead,
    onError: (error) => faults.push(error),
  });
  project = await copyFixture("chat", scratch.path);
  await convexCli(project, server, ["env", "set", "JWKS_URI", issuer.dataUri]);
  await deploy(project, server);
});
afterAll(async () => {
  await server.close();
  await scratch.remove();
});

/** A token for an hour of the server's time, unlike any before. */
const token = (sub: string) =>
  issuer.token(
    { iss: CHAT_ISSUER, aud: "chat", sub, jti: crypto.randomUUID() },
    { expiresIn: Math.round(3600 + ahead / 1000) },
  );

it("a client whose token runs out gets a fresh one and goes on as the same user, its mutation included", async () => {
  const client = new ConvexClient(server.url, { logger: false, unsavedChangesWarning: false });
  try {
    let fetched = 0;
    const states: boolean[] = [];
    client.setAuth(
      () => {
        fetched += 1;
        return token("ada");
      },
      (signedIn) => states.push(signedIn),
    );
    const who: (string | null)[] = [];
    client.onUpdate(api.users.whoAmI, {}, (identity) => who.push(identity?.subject ?? null));
    await waitFor(
      () => who.at(-1),
      (subject) => subject === "ada",
    );
    const before = await waitFor(
      () => fetched,
      (count) => count >= 2,
    );
    ahead += 2 * 3_600_000;
    await client.mutation(api.messages.send, { channel: "later", body: "as ada" });
    expect(await client.query(api.messages.list, { channel: "later" })).toMatchObject([{ author: "ada" }]);
    expect(fetched).toBeGreaterThan(before);
    expect(states.at(-1)).toBe(true);
    expect(who).not.toContain(null);
  } finally {
    await client.close();
  }
});

it("a client that does not renew its token is told nothing more once it has run out", async () => {
  const client = await connectRaw(server.url);
  client.send({ type: "Authenticate", baseVersion: 0, tokenType: "User", value: await token("eve") });
  client.send(addQuery(0, 0, "counters:read", { name: "watched" }));
  await waitFor(
    () => client.transitions().length,
    (count) => count > 0,
  );
  const known = client.messages.length;
  ahead += 2 * 3_600_000;
  const admin = await connectRaw(server.url);
  admin.send({ type: "Mutation", requestId: 0, udfPath: "counters:add", args: [{ name: "watched", amount: 1 }] });
  await client.closed;
  admin.socket.terminate();
  expect(client.messages.slice(known)).toEqual([
    { type: "AuthError", error: "The token has expired.", baseVersion: 0, authUpdateAttempted: false },
  ]);
});

it("with errors redacted, a client learns that a function failed, and only the developer why", async () => {
  const ask = async (headers: Record<string, string>) => {
    const body = JSON.stringify({ path: "messages:fail", args: {} });
    return (await fetch(`${server.url}/api/query`, { method: "POST", body, headers })).text();
  };
  expect(await ask({})).toMatch(/^{"status":"error","errorMessage":"\[Request ID: \w+\] Server Error"}$/);
  expect(await ask({ authorization: `Convex ${server.adminKey}` })).toContain("a secret detail");

  const post = (headers: Record<string, string>) =>
    fetch(`${server.siteUrl}/messages`, { method: "POST", body: "{}", headers });
  const failed = await post({});
  expect(failed.status).toBe(500);
  expect(await failed.text()).toMatch(/^{"code":"\[Request ID: \w+\] Server Error"}$/);
  expect(await (await post({ authorization: `Convex ${server.adminKey}` })).text()).toContain("channel");
});

it("while a provider's keys cannot be had, its users are told to come back, and not taken for nobody", async () => {
  const who = async () => {
    const headers = { authorization: `Bearer ${await token("ada")}` };
    return fetch(`${server.siteUrl}/who/am-i`, { headers });
  };
  expect(await (await who()).json()).toMatchObject({ subject: "ada" });
  await convexCli(project, server, ["env", "set", "JWKS_URI", "http://127.0.0.1:9/keys"]);
  await deploy(project, server);
  const answer = await who();
  expect(answer.status).toBe(503);
  expect(await answer.json()).toMatchObject({ code: "AuthProviderUnavailable" });
  expect(faults).toMatchObject([{ code: "AuthProviderUnavailable" }]);
});
