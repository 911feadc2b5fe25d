import { afterEach, beforeEach, describe, expect, it } from "vitest";
import * as z from "zod";
import type { Double } from "../kit/double.ts";
import { Clock } from "../testing/person.ts";
import { startOutboxDouble } from "./outbox.ts";

let clock: Clock;
let outbox: Double;
beforeEach(async () => {
  clock = new Clock();
  outbox = await startOutboxDouble({ port: 0, keys: ["double_key", "double_other"], now: clock.now });
});
afterEach(() => outbox.close());

const reset = {
  from: "OpenClaw <no-reply@example.com>",
  to: ["someone@example.com"],
  subject: "Reset your password",
  text: "Follow http://127.0.0.1:8787/reset?token=abc&next=%2F, it works once.",
};

const send = (mail: object | string, headers: Record<string, string> = {}): Promise<Response> =>
  fetch(`${outbox.url}/emails`, {
    method: "POST",
    headers: { authorization: "Bearer double_key", "content-type": "application/json", ...headers },
    body: typeof mail === "string" ? mail : JSON.stringify(mail),
  });

const sentId = async (response: Response): Promise<string> =>
  z.object({ id: z.uuid() }).parse(await response.json()).id;

const Mails = z.object({
  count: z.int(),
  mails: z.array(z.looseObject({ id: z.string(), subject: z.string(), links: z.array(z.string()) })),
});

const mails = async (query = ""): Promise<z.infer<typeof Mails>["mails"]> =>
  Mails.parse(await (await fetch(`${outbox.url}/double/mails${query}`)).json()).mails;

const page = async (path: string): Promise<string> => (await fetch(`${outbox.url}${path}`)).text();

describe("a mail", () => {
  it("is not delivered: a person finds it on the outbox page and follows its link", async () => {
    expect(await page("/outbox")).toContain("No mail has been sent yet");
    const id = await sentId(await send(reset));
    const list = await page("/outbox");
    expect(list).toContain(`<a href="/outbox/${id}">Reset your password</a>`);
    expect(list).toContain("someone@example.com");
    const mail = await page(`/outbox/${id}`);
    expect(mail).toContain('<a href="http://127.0.0.1:8787/reset?token=abc&amp;next=%2F">');
    expect(mail).toContain(", it works once.");
  });

  it("is found by a script by its addressee, with its links", async () => {
    await send(reset);
    await send({
      ...reset,
      to: "Other <Other@Example.com>",
      text: undefined,
      html: '<a href="https://a.test/?x=1&amp;y=2">go</a>',
    });
    const [other] = await mails("?to=other@example.com");
    expect(other?.links).toEqual(["https://a.test/?x=1&y=2"]);
    const [first] = await mails("?to=someone@example.com");
    expect(first?.links).toEqual(["http://127.0.0.1:8787/reset?token=abc&next=%2F"]);
    expect(await mails("?to=nobody@example.com")).toEqual([]);
  });

  it("shows nothing but text of a hostile subject, text or body", async () => {
    const evil = '</pre><script>alert(1)</script><a href="javascript:alert(1)">x</a>';
    const id = await sentId(await send({ ...reset, subject: evil, text: evil, html: `${evil}" onload="alert(1)` }));
    for (const shown of [await page("/outbox"), await page(`/outbox/${id}`)]) {
      expect(shown).not.toContain("<script");
      expect(shown).not.toContain('href="javascript:');
      expect(shown).not.toContain('" onload="');
    }
    expect(await page(`/outbox/${id}`)).toContain('sandbox="allow-popups allow-popups-to-escape-sandbox"');
  });

  it("is told back by its id, as the provider does", async () => {
    const id = await sentId(await send(reset));
    const headers = { authorization: "Bearer double_key" };
    const told: unknown = await (await fetch(`${outbox.url}/emails/${id}`, { headers })).json();
    expect(told).toMatchObject({ object: "email", id, subject: reset.subject, last_event: "delivered" });
    expect((await fetch(`${outbox.url}/emails/unknown`, { headers })).status).toBe(404);
    expect((await fetch(`${outbox.url}/outbox/unknown`)).status).toBe(404);
  });

  it("pushes the oldest out when there are two hundred, and all go when told", async () => {
    for (let i = 0; i < 203; i += 1) await send({ ...reset, subject: `Mail ${i}` });
    const kept = await mails();
    expect(kept).toHaveLength(200);
    expect([kept[0]?.subject, kept.at(-1)?.subject]).toEqual(["Mail 202", "Mail 3"]);
    await fetch(`${outbox.url}/double/mails`, { method: "DELETE" });
    expect(await mails()).toEqual([]);
  });
});

describe("an idempotency key", () => {
  const key = { "idempotency-key": "reset/1" };

  it("sends once and answers the same", async () => {
    const first = await sentId(await send(reset, key));
    expect(await sentId(await send(reset, key))).toBe(first);
    expect(await mails()).toHaveLength(1);
  });

  it("with another mail is refused", async () => {
    await send(reset, key);
    const other = await send({ ...reset, subject: "Other" }, key);
    expect(other.status).toBe(409);
    expect(await other.json()).toMatchObject({ name: "invalid_idempotent_request", statusCode: 409 });
  });

  it("is forgotten after a day, and belongs to its API key", async () => {
    const first = await sentId(await send(reset, key));
    expect(await sentId(await send(reset, { ...key, authorization: "Bearer double_other" }))).not.toBe(first);
    clock.pass(24 * 60 * 60);
    expect(await sentId(await send(reset, key))).not.toBe(first);
  });

  it("that is too long is refused", async () => {
    const refused = await send(reset, { "idempotency-key": "x".repeat(257) });
    expect(await refused.json()).toMatchObject({ statusCode: 400, name: "invalid_idempotency_key" });
  });
});

describe("a wrong request is refused as Resend does", () => {
  it.each([
    [{ from: undefined }, 422, "missing_required_field", "`from`"],
    [{ to: undefined }, 422, "missing_required_field", "`to`"],
    [{ subject: undefined }, 422, "missing_required_field", "`subject`"],
    [{ text: undefined }, 422, "missing_required_field", "`html` or `text`"],
    [{ from: "OpenClaw" }, 422, "validation_error", "Name <email@example.com>"],
    [{ to: ["someone"] }, 422, "validation_error", "`to`"],
    [{ to: Array.from({ length: 51 }, (_, i) => `p${i}@example.com`) }, 422, "validation_error", "`to`"],
  ])("%o", async (wrong, statusCode, name, message) => {
    const answer = await send({ ...reset, ...wrong });
    expect(answer.status).toBe(statusCode);
    const body: unknown = await answer.json();
    expect(body).toMatchObject({ statusCode, name });
    expect(JSON.stringify(body)).toContain(message);
    expect(await mails()).toEqual([]);
  });

  it.each([
    ["no key", { authorization: "" }, 401, "missing_api_key"],
    ["an unknown key", { authorization: "Bearer double_unknown" }, 403, "invalid_api_key"],
    ["a real key", { authorization: "Bearer re_123456789" }, 403, "invalid_api_key"],
    ["no User-Agent", { "user-agent": "" }, 403, "forbidden"],
  ])("%s", async (_, headers, statusCode, name) => {
    const answer = await send(reset, headers);
    expect(await answer.json()).toMatchObject({ statusCode, name });
  });

  it("a body that is no JSON", async () => {
    expect((await send("{")).status).toBe(400);
  });

  it("a real key with a sentence, and the double does not start with one", async () => {
    const answer = await send(reset, { authorization: "Bearer re_123456789" });
    expect(await answer.text()).toContain("must not be sent here");
    await expect(startOutboxDouble({ port: 0, keys: ["re_123456789"] })).rejects.toThrow(/begins with double_/);
  });
});

describe("the provider fails", () => {
  it("with 429 when ordered, in its own words, and works again", async () => {
    await fetch(`${outbox.url}/double/faults`, {
      method: "POST",
      body: JSON.stringify({ kind: "error", path: "/emails", status: 429, times: 1 }),
    });
    const limited = await send(reset);
    expect(limited.status).toBe(429);
    expect(limited.headers.get("retry-after")).toBe("1");
    expect(await limited.json()).toMatchObject({ statusCode: 429, name: "rate_limit_exceeded" });
    expect((await send(reset)).status).toBe(200);
  });
});

describe("kept mail holds reset links", () => {
  it.each(["/outbox", "/double/mails"])("so %s is for this machine alone", async (path) => {
    const answer = await fetch(`${outbox.url}${path}`, { headers: { "x-forwarded-for": "203.0.113.9" } });
    expect(answer.status).toBe(403);
  });
});
