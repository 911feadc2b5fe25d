import { AccountNoticeMailed, API_PATHS, CreditAlertMailed, INTERNAL_KEY_HEADER } from "@oa/contract";
import { expect, it, vi } from "vitest";
import type { Bindings } from "../src/context.ts";
import { INTERNAL_KEY, openWorld } from "./support/world.ts";

const ALERT = {
  alert_id: "alert1",
  to: "ada@example.com",
  subject: "Your balance is low",
  text: "There is $0.93 left.",
};
const NOTICE = {
  event_id: "event1",
  to: "ada@example.com",
  type: "identity_linked",
  provider: "github",
  device: "Firefox on macOS",
  place: "Lisbon, PT",
  ip: "203.0.113.9",
  at: Date.UTC(2026, 10, 21, 9, 30),
};
const AS_CONVEX = { headers: { [INTERNAL_KEY_HEADER]: INTERNAL_KEY } };
const MAIL: Bindings = {
  OA_PUBLIC_URL: "https://app.example.com",
  OA_MAIL_URL: "https://mail.example.com",
  OA_MAIL_API_KEY: "re_real_key",
  OA_MAIL_FROM: "OpenClaw <hello@example.com>",
};

/** A provider of mail that answers `statuses` one after the other, and what it was sent. */
function provider(...statuses: number[]) {
  const sent: { key: string | null; body: unknown }[] = [];
  vi.stubGlobal("fetch", async (input: RequestInfo | URL, init?: RequestInit) => {
    const request = new Request(input, init);
    sent.push({ key: request.headers.get("idempotency-key"), body: await request.json() });
    const status = statuses[sent.length - 1] ?? 200;
    return Response.json({ id: "mail1" }, { status });
  });
  return sent;
}

it("an alert is mailed with a link to the page of credits, under one key however often it is asked for", async () => {
  const world = await openWorld(MAIL);
  const sent = provider();
  for (const _ of [1, 2]) {
    const answer = await world.send("POST", API_PATHS.creditAlertMail, { ...AS_CONVEX, body: ALERT });
    expect(answer.data(CreditAlertMailed)).toEqual({ accepted: true });
  }
  await world.send("POST", API_PATHS.creditAlertMail, { ...AS_CONVEX, body: { ...ALERT, to: "bob@example.com" } });
  vi.unstubAllGlobals();
  expect(sent[0]?.body).toMatchObject({ to: ["ada@example.com"], subject: "Your balance is low" });
  expect(JSON.stringify(sent[0]?.body)).toContain("https://app.example.com/openclaw/billing");
  expect(sent[1]?.key).toBe(sent[0]?.key);
  expect(sent[2]?.key).not.toBe(sent[0]?.key);
});

it("where no mail can be sent that is the answer; what a provider refuses is to be asked again", async () => {
  const without = await openWorld();
  const answer = await without.send("POST", API_PATHS.creditAlertMail, { ...AS_CONVEX, body: ALERT });
  expect(answer.data(CreditAlertMailed)).toEqual({ accepted: false });
  const world = await openWorld(MAIL);
  provider(422);
  const refused = await world.send("POST", API_PATHS.creditAlertMail, { ...AS_CONVEX, body: ALERT });
  vi.unstubAllGlobals();
  expect([refused.status, refused.error().code]).toEqual([502, "provider_unreachable"]);
});

it("a change of the ways into an account is mailed once, with where it came from and what to do if it was somebody else", async () => {
  const world = await openWorld(MAIL);
  const sent = provider();
  for (const _ of [1, 2]) {
    const answer = await world.send("POST", API_PATHS.accountNoticeMail, { ...AS_CONVEX, body: NOTICE });
    expect(answer.data(AccountNoticeMailed)).toEqual({ accepted: true });
  }
  vi.unstubAllGlobals();
  expect(sent[0]?.body).toMatchObject({ to: ["ada@example.com"], subject: "A way to sign in was added: GitHub" });
  const text = JSON.stringify(sent[0]?.body);
  for (const said of ["2026-11-21 09:30 UTC", "Firefox on macOS, Lisbon, PT, 203.0.113.9"])
    expect(text).toContain(said);
  for (const page of ["/sign-in", "/account/security"]) expect(text).toContain(`https://app.example.com${page}`);
  expect(sent[1]?.key).toBe(sent[0]?.key);
});

it("nobody but Convex can have a mail sent", async () => {
  const world = await openWorld(MAIL);
  expect((await world.send("POST", API_PATHS.creditAlertMail, { body: ALERT })).status).toBe(401);
  expect((await world.send("POST", API_PATHS.accountNoticeMail, { body: NOTICE })).status).toBe(401);
});
