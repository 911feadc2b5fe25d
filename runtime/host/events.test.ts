import { type Server, createServer } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { RuntimeEvent } from "@oa/contract";
import { afterEach, beforeEach, expect, it } from "vitest";
import { until } from "../test/support/testHost.ts";
import { type Reporter, createReporter } from "./events.ts";
import { createLog } from "./log.ts";

let server: Server;
let reporter: Reporter;
let status: number;
let received: number[];

const event = (observed_at: number): RuntimeEvent => ({
  instance_id: "adaadaada",
  generation: 1,
  observed_at,
  gateway: { status: "running", reason: null },
});

beforeEach(async () => {
  status = 204;
  received = [];
  server = createServer((request, response) => {
    let text = "";
    request.on("data", (chunk: Buffer) => (text += chunk.toString("utf8")));
    request.on("end", () => {
      received.push(RuntimeEvent.parse(JSON.parse(text)).observed_at);
      response.writeHead(status).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  reporter = createReporter(
    `http://127.0.0.1:${port}/`,
    "key",
    createLog(() => undefined),
  );
});
afterEach(async () => {
  reporter.stop();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

it("makes one report of many changes, with what is true when it is sent", async () => {
  let now = 1;
  for (let i = 0; i < 10; i += 1) reporter.changed("adaadaada", () => event(now));
  now = 2;
  await until("it arrived", () => Promise.resolve(received.length > 0), 5_000);
  await sleep(200);
  expect(received).toEqual([2]);
  reporter.changed("adaadaada", () => event(3));
  await until("the next arrived", () => Promise.resolve(received.length > 1), 5_000);
  expect(received).toEqual([2, 3]);
});

it("asks a receiver again that is unwell, and not one that refuses", async () => {
  status = 503;
  reporter.changed("adaadaada", () => event(1));
  await until("it was tried", () => Promise.resolve(received.length > 0), 5_000);
  status = 204;
  await until("it was tried again", () => Promise.resolve(received.length > 1), 5_000);
  status = 401;
  reporter.changed("adaadaada", () => event(2));
  await until("it was refused", () => Promise.resolve(received.includes(2)), 5_000);
  await sleep(1_200);
  expect(received).toEqual([1, 1, 2]);
});
