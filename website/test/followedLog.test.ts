import type { Page } from "playwright-core";
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { type FixtureSite, openFixtureSite } from "./support/fixtureSite.ts";
import { LogServer } from "./support/logServer.ts";

/** The log as it is followed: a browser's own event stream, over a server that the test breaks. Six lines are there before. */
const WAIT = { timeout: 10_000 };

let site: FixtureSite;
const server = new LogServer();

beforeAll(async () => {
  site = await openFixtureSite(server.answer);
});
afterAll(() => site[Symbol.asyncDispose]());
beforeEach(async () => {
  await readers(0);
  server.asked.length = 0;
  server.refusing = null;
});

const readers = (count: number) =>
  vi.waitFor(() => {
    if (server.readers !== count) throw new Error(`${String(server.readers)} readers instead of ${String(count)}`);
  }, WAIT);
const text = (page: Page) => page.getByRole("log").innerText();
/** What the browser says of whether someone looks at the page. */
const look = (page: Page, state: "hidden" | "visible") =>
  page.evaluate((visibility) => {
    Object.defineProperty(document, "visibilityState", { configurable: true, get: () => visibility });
    document.dispatchEvent(new Event("visibilitychange"));
  }, state);
/** Requests that read something, from now on. */
function readsOf(page: Page): string[] {
  const reads: string[] = [];
  page.on("console", (message) => {
    if (message.text().startsWith("GET ")) reads.push(message.text());
  });
  return reads;
}

describe("new lines of the log", () => {
  it("come by themselves, after those that were there, without a request", async () => {
    await using opened = await site.open("followed", "/openclaw/usage");
    const { page } = opened;
    await readers(1);
    expect(server.asked).toEqual([{ query: "?since=6", lastEventId: undefined }]);
    const reads = readsOf(page);
    server.say(6, "a message came in", "and was answered");
    await expect.poll(() => text(page)).toMatch(/backup written[^]*a message came in[^]*and was answered/);
    await page.getByText("8 lines. New lines come by themselves.").waitFor();
    expect(reads).toEqual([]);
  });

  it("go on where they were after a break, each of them once; a short break is not worth a word", async () => {
    await using opened = await site.open("followed", "/openclaw/usage");
    const { page } = opened;
    await readers(1);
    server.say(6, "before the break");
    await expect.poll(() => text(page)).toMatch(/before the break/);
    server.break();
    await readers(1);
    expect(server.asked.at(-1)?.lastEventId).toBe("7");
    expect(await page.getByText("Reconnecting…").count()).toBe(0);
    server.say(6, "before the break", "after the break");
    await expect.poll(() => text(page)).toMatch(/after the break/);
    expect((await text(page)).match(/before the break/g)).toHaveLength(1);
  });

  it("are missed for longer: it says so, asks again ever more slowly, and goes on from the same place", async () => {
    await using opened = await site.open("followed", "/openclaw/usage");
    const { page } = opened;
    await readers(1);
    server.say(6, "before the break");
    await expect.poll(() => text(page)).toMatch(/before the break/);
    server.refusing = 502;
    server.break();
    await page.getByText("Reconnecting…").waitFor();
    server.refusing = null;
    await readers(1);
    expect(server.asked.at(-1)).toEqual({ query: "?since=7", lastEventId: undefined });
    await page.getByText("New lines come by themselves.").waitFor();
    server.say(7, "after the break");
    await expect.poll(() => text(page)).toMatch(/before the break[^]*after the break/);
  });

  it("are not asked for while it is paused, nor while nobody looks, and are there afterwards", async () => {
    await using opened = await site.open("followed", "/openclaw/usage");
    const { page } = opened;
    await readers(1);
    await page.getByRole("button", { name: "Pause" }).click();
    await readers(0);
    await page.getByText("6 lines. Paused.").waitFor();
    await page.getByRole("button", { name: "Follow" }).click();
    await readers(1);
    server.say(6, "while it was followed");
    await expect.poll(() => text(page)).toMatch(/while it was followed/);
    await look(page, "hidden");
    await readers(0);
    await look(page, "visible");
    await readers(1);
    expect(server.asked.map(({ query }) => query)).toEqual(["?since=6", "?since=6", "?since=7"]);
  });

  it("are left when the page is", async () => {
    await using opened = await site.open("followed", "/openclaw/usage");
    await readers(1);
    await opened.page.getByRole("link", { name: "Overview" }).click();
    await expect.poll(() => server.readers, WAIT).toBe(0);
  });

  it("that were deleted before they came are counted", async () => {
    await using opened = await site.open("followed", "/openclaw/usage");
    await readers(1);
    server.say(40, "much later");
    const count = opened.page.getByText("7 lines, 34 were gone before they could be read");
    await expect.poll(() => count.count(), WAIT).toBe(1);
  });
});
