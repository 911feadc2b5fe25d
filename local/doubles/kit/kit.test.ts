import { spawn } from "node:child_process";
import { once } from "node:events";
import { request } from "node:http";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { startGithubDouble } from "../github/github.ts";
import { looksLive, refusal } from "./credentials.ts";
import type { Double } from "./double.ts";
import { isLoopbackAddress, isLoopbackHost } from "./loopback.ts";

const client = {
  clientId: "double_app",
  clientSecret: "double_secret",
  name: "Managed OpenClaw",
  redirectUris: ["http://127.0.0.1:8787/callback"],
} as const;

describe("every double", () => {
  let double: Double;
  beforeEach(async () => {
    double = await startGithubDouble({ port: 0, clients: [client] });
  });
  afterEach(() => double.close());

  const order = (fault: object): Promise<Response> =>
    fetch(`${double.url}/double/faults`, { method: "POST", body: JSON.stringify(fault) });

  it("says that it is one, on its root page and in a header of every answer", async () => {
    const root = await fetch(double.url);
    expect(root.headers.get("x-double")).toBe("github");
    expect(await root.text()).toContain("This is a double of GitHub.");
    const missing = await fetch(`${double.url}/nowhere`);
    expect(missing.status).toBe(404);
    expect(missing.headers.get("x-double")).toBe("github");
  });

  it("fails as often as ordered, then works again", async () => {
    await order({ kind: "error", path: "/login/device", status: 503, times: 2 });
    const statuses: number[] = [];
    for (let i = 0; i < 3; i += 1) statuses.push((await fetch(`${double.url}/login/device`)).status);
    expect(statuses).toEqual([503, 503, 200]);
  });

  it("hangs until told otherwise, on every path below the one that was named", async () => {
    await order({ kind: "hang", path: "/login/*" });
    const hanging = fetch(`${double.url}/login/device`, { signal: AbortSignal.timeout(300) });
    await expect(hanging).rejects.toThrow(/timeout/);
    expect(await (await fetch(`${double.url}/double/faults`)).json()).toEqual({
      faults: [{ kind: "hang", path: "/login/*" }],
    });
    expect((await fetch(`${double.url}/double/faults`, { method: "DELETE" })).status).toBe(200);
    expect((await fetch(`${double.url}/login/device`)).status).toBe(200);
  });

  it("answers late when ordered", async () => {
    await order({ kind: "slow", path: "/login/device", delay_ms: 400, times: 1 });
    const from = performance.now();
    expect((await fetch(`${double.url}/login/device`)).status).toBe(200);
    expect(performance.now() - from).toBeGreaterThan(390);
  });

  it("refuses a body that is too large, however it is sent", async () => {
    const block = new Uint8Array(1024 * 1024);
    const send = (body: Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array>): Promise<Response> =>
      fetch(`${double.url}/login/oauth/access_token`, { method: "POST", body, duplex: "half" });
    expect((await send(new Uint8Array(17 * block.length))).status).toBe(413);
    const endless = new ReadableStream<Uint8Array>({ pull: (controller) => controller.enqueue(block) });
    expect(
      await send(endless).then(
        (answer) => answer.status,
        () => "cut",
      ),
    ).toBeOneOf([413, "cut"]);
  });

  it("says what is wrong with an order", async () => {
    const answer = await order({ kind: "explode", path: "/" });
    expect(answer.status).toBe(400);
    expect(await answer.text()).toContain("kind");
  });

  it("stops although a request hangs", async () => {
    await order({ kind: "hang", path: "/login/device" });
    const hanging = fetch(`${double.url}/login/device`).then(
      () => "answered",
      () => "cut",
    );
    await fetch(double.url);
    await double.close();
    expect(await hanging).toBe("cut");
  });

  /** By hand: fetch does not let a caller choose these headers. */
  const statusWith = (headers: Record<string, string>, method = "GET"): Promise<number | undefined> =>
    new Promise((resolve, reject) => {
      const call = request(`${double.url}/double/faults`, { headers, method }, (response) => {
        response.resume();
        resolve(response.statusCode);
      });
      call.once("error", reject);
      call.end();
    });

  it.each([
    ["a foreign name that was made to point here", { host: "rebound.example" }],
    ["a tunnel", { "x-forwarded-for": "203.0.113.9" }],
    ["a page of another site", { origin: "https://elsewhere.example" }],
    ["a page at another port", { "sec-fetch-site": "same-site", "sec-fetch-mode": "cors" }],
    [
      "a frame in a page of another site",
      { "sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate", "sec-fetch-dest": "iframe" },
    ],
  ])("gives its controls to nobody but this machine: %s", async (_, headers) => {
    expect(await statusWith(headers)).toBe(403);
  });

  it("lets a person follow a link to them, but not a form", async () => {
    const followed = { "sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate", "sec-fetch-dest": "document" };
    expect(await statusWith(followed)).toBe(200);
    expect(await statusWith(followed, "POST")).toBe(403);
    expect(await statusWith({ "sec-fetch-site": "same-origin", origin: double.url }, "DELETE")).toBe(200);
  });
});

describe("loopback", () => {
  it("is 127.0.0.0/8 and ::1, and names that can only be this machine", () => {
    expect(["127.0.0.1", "127.8.8.8", "::1", "::ffff:127.0.0.1"].every(isLoopbackAddress)).toBe(true);
    expect(["10.0.0.1", "203.0.113.9", "::ffff:10.0.0.1", "127.0.0.1.example", undefined].some(isLoopbackAddress)).toBe(
      false,
    );
    expect(["localhost:80", "127.0.0.1:4000", "[::1]:1", "app.localhost"].every(isLoopbackHost)).toBe(true);
    expect(["example.com", "127.0.0.1.example:80", "localhost.example", undefined].some(isLoopbackHost)).toBe(false);
  });
});

describe("credentials", () => {
  it.each([
    "sk_live_51H8abc",
    "sk-proj-abc",
    "re_123456",
    "gho_abc",
    "github_pat_abc",
    "Ov23liABCDEFGHIJKLMN",
    "Iv1.0123456789abcdef",
    "0123456789abcdef0123",
    "1234-abc.apps.googleusercontent.com",
    "GOCSPX-abc",
  ])("%s looks live and is refused with a sentence that does not repeat it", (credential) => {
    expect(looksLive(credential)).toBe(true);
    const sentence = refusal(credential, "key", "Stripe");
    expect(sentence).toMatch(/must not be sent here/);
    expect(sentence).not.toContain(credential);
  });

  it("of a double pass; anything else is told the rule", () => {
    expect(refusal("double_key", "key", "Stripe")).toBeNull();
    expect(refusal("anything", "key", "Stripe")).toMatch(/begins with double_/);
  });
});

describe("a double started by hand", () => {
  const main = (name: string): string => join(import.meta.dirname, `../${name}/main.ts`);
  const callback = ["--redirect-uri", "http://127.0.0.1:1/callback"];

  it.each([
    ["github", callback],
    ["google", callback],
    ["upstream", ["--model", "gpt-4o", "--model", "gpt-5"]],
    ["outbox", ["--key", "double_key"]],
  ])("%s prints one line when it listens and ends on SIGTERM", async (name, flags) => {
    const child = spawn(process.execPath, [main(name), ...flags]);
    try {
      const line: unknown[] = await once(createInterface({ input: child.stdout }), "line");
      const url = /listening on (http:\/\/127\.0\.0\.1:\d+)$/.exec(String(line[0]))?.[1] ?? "";
      expect((await fetch(url)).headers.get("x-double")).toBe(name);
      const exited = once(child, "exit");
      child.kill("SIGTERM");
      expect(await exited).toEqual([0, null]);
    } finally {
      child.kill("SIGKILL");
    }
  });

  it.each([
    ["without an address to return to", [], "--redirect-uri"],
    ["with a live client id", [...callback, "--client-id", "Ov23liABCDEFGHIJKLMN"], "begins with double_"],
  ])("does not start %s", async (_, flags, sentence) => {
    const child = spawn(process.execPath, [main("github"), ...flags]);
    let errors = "";
    child.stderr.on("data", (chunk: Buffer) => {
      errors += chunk.toString();
    });
    expect(await once(child, "close")).toEqual([1, null]);
    expect(errors).toContain(sentence);
    expect(errors.trimEnd().split("\n")).toHaveLength(1);
  });

  it.each([
    ["--port", "http"],
    ["--prot", "1"],
  ])("refuses %s %s with the usage", async (...flags) => {
    const child = spawn(process.execPath, [main("github"), ...flags]);
    let errors = "";
    child.stderr.on("data", (chunk: Buffer) => {
      errors += chunk.toString();
    });
    expect(await once(child, "close")).toEqual([64, null]);
    expect(errors).toContain("Usage:");
  });
});
