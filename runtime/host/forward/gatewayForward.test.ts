import { type Server as HttpServer, createServer as createHttp } from "node:http";
import { type Server, type Socket, connect, createServer } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { until } from "../../test/support/testHost.ts";
import { trustedProxies } from "./clientAddress.ts";
import { GatewayForward } from "./gatewayForward.ts";

/** What really goes over the wire, byte by byte: a gateway that only listens, and a client that writes what it likes. */
describe("the way to a gateway", () => {
  let gateway: Server;
  let host: HttpServer;
  let forward: GatewayForward;
  /** Everything the gateway got, one string a connection. */
  let heard: string[];
  /** What the gateway says as soon as it has heard the end of a head. */
  let answer: string;
  let sockets: Set<Socket>;

  const portOf = (server: Server | HttpServer): number => {
    const address = server.address();
    return typeof address === "object" && address !== null ? address.port : 0;
  };
  const listen = (server: Server | HttpServer) =>
    new Promise<void>((resolve) => server.listen(0, "127.0.0.1", () => resolve()));

  /** Sends bytes as a client; answers what came back until the connection ended or was quiet. */
  const say = async (bytes: string, more: string[] = []): Promise<string> => {
    const socket = connect(portOf(host), "127.0.0.1");
    let said = "";
    socket.on("data", (chunk: Buffer) => (said += chunk.toString("latin1")));
    socket.on("error", () => undefined);
    const over = new Promise<void>((resolve) => socket.once("close", () => resolve()));
    socket.write(bytes);
    for (const part of more) {
      await sleep(100);
      socket.write(part);
    }
    await Promise.race([over, sleep(300)]);
    socket.destroy();
    return said;
  };

  beforeEach(async () => {
    heard = [];
    answer = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";
    sockets = new Set();
    gateway = createServer((socket) => {
      const index = heard.push("") - 1;
      sockets.add(socket);
      socket.on("error", () => undefined);
      socket.on("data", (chunk: Buffer) => {
        const before = heard[index] ?? "";
        heard[index] = before + chunk.toString("latin1");
        if (!before.includes("\r\n\r\n") && heard[index].includes("\r\n\r\n")) socket.write(answer);
      });
    });
    forward = new GatewayForward(trustedProxies([]));
    const target = { id: "adaadaada", path: "/i/adaadaada/gateway/x", publicUrl: new URL("http://host.test") };
    host = createHttp((request, response) => forward.http(request, response, { ...target, port: portOf(gateway) }));
    host.on("upgrade", (request, socket, head) => {
      socket.on("error", () => socket.destroy());
      forward.upgrade(request, socket, head, { ...target, port: portOf(gateway) });
    });
    await Promise.all([listen(gateway), listen(host)]);
  });
  afterEach(async () => {
    forward.close();
    host.closeAllConnections();
    for (const socket of sockets) socket.destroy();
    await Promise.all([gateway, host].map((server) => new Promise((resolve) => server.close(resolve))));
  });

  const INNER = "GET /smuggled HTTP/1.1\r\nhost: x\r\n\r\n";
  const chunked = `${INNER.length.toString(16)}\r\n${INNER}\r\n0\r\n\r\n`;

  it.each(["GET", "HEAD", "DELETE", "OPTIONS", "POST"])(
    "a body of %s stays a body: what is in it never becomes a request of its own",
    async (method) => {
      await say(`${method} /x HTTP/1.1\r\nhost: h\r\ntransfer-encoding: chunked\r\n\r\n${chunked}`);
      await until("the gateway heard it", () => Promise.resolve(heard.length === 1), 5_000);
      const [head = "", ...rest] = (heard[0] ?? "").split("\r\n\r\n");
      expect(head.toLowerCase()).toContain("\r\ntransfer-encoding: chunked");
      expect(rest.join("\r\n\r\n")).toBe(chunked);
    },
  );

  it("a body of known length arrives with its length", async () => {
    await say(`DELETE /x HTTP/1.1\r\nhost: h\r\ncontent-length: 5\r\n\r\nhello`);
    expect(heard[0]).toMatch(/content-length: 5\r\n[^]*\r\n\r\nhello$/i);
  });

  it("a client cannot take the framing away", async () => {
    const body = `content-length: ${INNER.length}\r\n\r\n${INNER}`;
    await say(`POST /x HTTP/1.1\r\nhost: h\r\nconnection: content-length\r\n${body}`);
    await say(`POST /x HTTP/1.1\r\nhost: h\r\nupgrade: websocket\r\n${body}`);
    expect(heard).toHaveLength(2);
    for (const one of heard) expect(one).toMatch(new RegExp(`content-length: ${INNER.length}\r\n`, "i"));
  });

  it("headers that a client declares to be of its connection end here", async () => {
    await say("GET /x HTTP/1.1\r\nhost: h\r\nconnection: x-mine\r\nx-mine: 1\r\nx-other: 2\r\n\r\n");
    expect(heard[0]).toContain("x-other: 2");
    expect(heard[0]).not.toContain("x-mine");
  });

  it("an upgrade carries no body: what comes behind its head waits for the gateway's 101", async () => {
    answer = "HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n";
    const said = await say(
      `GET /x HTTP/1.1\r\nhost: h\r\nconnection: Upgrade\r\nupgrade: websocket\r\ncontent-length: ${INNER.length}\r\n\r\n`,
      [INNER, INNER],
    );
    expect(said).toMatch(/^HTTP\/1\.1 403/);
    expect(heard).toHaveLength(1);
    expect(heard[0]).not.toContain("/smuggled");
    expect(heard[0]?.toLowerCase()).not.toContain("content-length");
  });

  it("after 101 both sides have each other's bytes, from the first one on", async () => {
    answer = "HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: Upgrade\r\n\r\nfirst";
    const said = await say("GET /x HTTP/1.1\r\nhost: h\r\nconnection: Upgrade\r\nupgrade: websocket\r\n\r\nearly", [
      "later",
    ]);
    expect(said).toMatch(/^HTTP\/1\.1 101[^]*\r\n\r\nfirst$/);
    expect(heard[0]).toMatch(/\r\n\r\nearlylater$/);
  });

  it.each([
    ["a status that is none", "HTTP/1.1 099 What\r\ncontent-length: 0\r\n\r\n"],
    ["something else than HTTP", "SSH-2.0-OpenSSH\r\n\r\n"],
    ["a 101 that nobody asked for", "HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: Upgrade\r\n\r\n"],
  ])("%s from a gateway is a 503 for its client, and the host goes on", async (_what, bytes) => {
    answer = bytes;
    expect(await say("GET /x HTTP/1.1\r\nhost: h\r\n\r\n")).toMatch(/^HTTP\/1\.1 503 [^]*gateway_unavailable/);
    answer = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";
    expect(await say("GET /x HTTP/1.1\r\nhost: h\r\n\r\n")).toMatch(/^HTTP\/1\.1 200/);
  });
});
