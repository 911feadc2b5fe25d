import { createServer, type Server } from "node:http";
import { once } from "node:events";
import { afterEach, describe, expect, it } from "vitest";
import type { Json } from "../../src/engine/types.ts";
import { createTokenVerifier, parseProviders } from "../../src/server/jwt.ts";
import { createIssuer } from "../support/tokens.ts";

const ISSUER = "https://issuer.example";
const servers: Server[] = [];

afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => new Promise((resolve) => server.close(resolve))));
});

function custom(jwks: string, extra: { [key: string]: Json } = {}): Json[] {
  return [{ type: "customJwt", issuer: ISSUER, jwks, algorithm: "ES256", applicationID: "chat", ...extra }];
}

/** Serves `answers` by path on this machine; counts what was asked for. */
async function serve(answers: () => Record<string, string>): Promise<{ origin: string; asked: string[] }> {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(request.url ?? "");
    const body = answers()[request.url ?? ""];
    response.writeHead(body === undefined ? 404 : 200, { connection: "close" }).end(body);
  });
  servers.push(server);
  return { origin: await listening(server), asked };
}

/** Starts `server` on any free port of this machine; its origin. */
async function listening(server: Server): Promise<string> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  return `http://127.0.0.1:${address.port}`;
}

describe("a user's token", () => {
  it("becomes the identity that functions see, custom claims and nested ones included", async () => {
    const issuer = await createIssuer();
    const verifier = createTokenVerifier(() => custom(issuer.dataUri), Date.now);
    const token = await issuer.token({
      iss: ISSUER,
      sub: "u1",
      aud: "chat",
      email: "a@b.c",
      org: { id: 7, tags: ["x"] },
    });

    const identity = await verifier.verify(token);

    expect(identity).toMatchObject({
      kind: "user",
      attributes: {
        tokenIdentifier: `${ISSUER}|u1`,
        subject: "u1",
        issuer: ISSUER,
        email: "a@b.c",
        "org.id": 7,
        "org.tags": ["x"],
      },
    });
    expect(identity.kind === "user" && Object.keys(identity.attributes)).not.toContain("exp");
  });

  it("cannot name its own identity through claims that look like one", async () => {
    const issuer = await createIssuer();
    const verifier = createTokenVerifier(() => custom(issuer.dataUri), Date.now);
    const token = await issuer.token({
      iss: ISSUER,
      sub: "u1",
      aud: "chat",
      tokenIdentifier: "admin",
      subject: "admin",
    });
    expect(await verifier.verify(token)).toMatchObject({
      attributes: { tokenIdentifier: `${ISSUER}|u1`, subject: "u1" },
    });
  });

  it.each([
    ["another issuer", { iss: "https://evil.example" }, {}, "NoAuthProvider"],
    ["another audience", { aud: "shop" }, {}, "NoAuthProvider"],
    ["no subject", { sub: undefined }, {}, "InvalidToken"],
    ["an expiry in the past", {}, { expiresIn: -3600 }, "TokenExpired"],
    ["a key the provider does not have", {}, { kid: "key-2" }, "InvalidToken"],
  ])("is refused with %s", async (_what, claims, options, code) => {
    const issuer = await createIssuer();
    const verifier = createTokenVerifier(() => custom(issuer.dataUri), Date.now);
    const token = await issuer.token({ iss: ISSUER, sub: "u1", aud: "chat", ...claims }, options);
    await expect(verifier.verify(token)).rejects.toMatchObject({ code, status: 401 });
  });

  it("is refused when signed by someone else under the same key id, or not at all", async () => {
    const [issuer, impostor] = await Promise.all([createIssuer(), createIssuer()]);
    const verifier = createTokenVerifier(() => custom(issuer.dataUri), Date.now);
    const claims = { iss: ISSUER, sub: "u1", aud: "chat", exp: Date.now() / 1000 + 60 };
    await expect(verifier.verify(await impostor.token(claims))).rejects.toMatchObject({ code: "InvalidToken" });
    const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");
    const unsigned = `${encode({ alg: "none", kid: "key-1" })}.${encode(claims)}.`;
    await expect(verifier.verify(unsigned)).rejects.toMatchObject({ code: "InvalidToken" });
    await expect(verifier.verify("not a token")).rejects.toMatchObject({ code: "InvalidAuthHeader" });
  });

  it("is accepted for half a minute after its expiry, as clocks differ, and not longer", async () => {
    const issuer = await createIssuer();
    let now = Date.now();
    const verifier = createTokenVerifier(
      () => custom(issuer.dataUri),
      () => now,
    );
    const token = await issuer.token({ iss: ISSUER, sub: "u1", aud: "chat" }, { expiresIn: 10 });
    now += 35_000;
    const identity = await verifier.verify(token);
    expect(identity.kind === "user" && identity.expiresAtMs).toBeGreaterThan(now);
    now += 10_000;
    await expect(verifier.verify(token)).rejects.toMatchObject({ code: "TokenExpired" });
  });

  it("signed with RS256 is checked with keys from an address, fetched once", async () => {
    const issuer = await createIssuer("RS256");
    const { origin, asked } = await serve(() => ({ "/keys": JSON.stringify(issuer.jwks) }));
    const verifier = createTokenVerifier(() => custom(`${origin}/keys`, { algorithm: "RS256" }), Date.now);
    const claims = { iss: ISSUER, sub: "u1", aud: ["chat", "other"] };
    await verifier.verify(await issuer.token(claims));
    expect(await verifier.verify(await issuer.token(claims))).toMatchObject({ attributes: { subject: "u1" } });
    expect(asked).toEqual(["/keys"]);
  });

  it("of an OpenID provider, or one without an address of keys, is not taken: the push says what to write", () => {
    expect(() => parseProviders([{ domain: "https://issuer.example", applicationID: "chat" }])).toThrow(
      /OpenID Connect providers.*customJwt.*self-hosted Convex/,
    );
    expect(() => parseProviders(custom("keys.json"))).toThrow(/needs .*`jwks`/);
  });

  it.each([
    ["does not answer", undefined],
    ["answers with a page of a proxy in between", "<html>Please sign in to the network</html>"],
    ["answers with JSON that is no key set", "{}"],
    ["answers with more than keys can be", `{"keys":[],"x":"${"x".repeat(1024 * 1024)}"}`],
  ])("cannot be checked when the provider %s: that is no verdict on the token", async (_what, keys) => {
    const { origin } = await serve(() => (keys === undefined ? {} : { "/keys": keys }));
    const issuer = await createIssuer();
    const verifier = createTokenVerifier(() => custom(`${origin}/keys`), Date.now);
    const token = await issuer.token({ iss: ISSUER, sub: "u1", aud: "chat" });
    await expect(verifier.verify(token)).rejects.toMatchObject({ code: "AuthProviderUnavailable", status: 503 });
  });

  it("is not waited for longer than seconds when the provider begins an answer and hangs", async () => {
    const server = createServer((_request, response) => {
      response.writeHead(200, { connection: "close" }).write('{"keys":');
    });
    servers.push(server);
    const origin = await listening(server);
    const verifier = createTokenVerifier(() => custom(`${origin}/keys`), Date.now);
    const issuer = await createIssuer();
    const token = await issuer.token({ iss: ISSUER, sub: "u1", aud: "chat" });
    await expect(verifier.verify(token)).rejects.toMatchObject({ code: "AuthProviderUnavailable", status: 503 });
  });
});
