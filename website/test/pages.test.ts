import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { launchChromium } from "../../e2e/support/chromium.ts";
import { seriousViolations } from "./support/axe.ts";
import { buildSite } from "./support/buildSite.ts";
import { serveFolder } from "./support/staticServer.ts";

/**
 * Every state of every page, over made-up data, in a real browser: nothing thrown and nothing wider than the window, at
 * 1280 and at 390 px; nothing axe calls serious, in light and in dark. With `SCREENSHOTS=<folder>` each is kept as a picture.
 */
const PAGES: readonly (readonly [scenario: string, path: string])[] = [
  ["signedOut", "/"],
  ["signedOut", "/sign-in"],
  ["signedOut", "/sign-up"],
  ["signedOut", "/no/such/page"],
  ["loading", "/openclaw"],
  ["loading", "/openclaw/billing"],
  ["broken", "/openclaw"],
  ["fresh", "/openclaw"],
  ["fresh", "/openclaw/create"],
  ["fresh", "/openclaw/security"],
  ["emptyLedger", "/openclaw/billing"],
  ["provisioning", "/openclaw/create"],
  ["failed", "/openclaw/create"],
  ["ready", "/openclaw"],
  ["ready", "/openclaw/create"],
  ["ready", "/openclaw/security"],
  ["ready", "/openclaw/usage"],
  ["ready", "/openclaw/billing"],
  ["firstDevice", "/openclaw"],
  ["firstDevice", "/openclaw/security"],
  ["firstDevice", "/openclaw/usage"],
  ["pending", "/openclaw"],
  ["pending", "/openclaw/security"],
  ["degraded", "/openclaw"],
  ["degraded", "/openclaw/usage"],
  ["runtimeDown", "/openclaw/usage"],
  ["runtimeSilent", "/openclaw/usage"],
  ["stopped", "/openclaw"],
  ["stopped", "/openclaw/usage"],
  ["suspended", "/openclaw"],
  ["suspended", "/openclaw/billing"],
  ["held", "/openclaw/billing"],
];

const WIDE = { width: 1280, height: 900 };
const NARROW = { width: 390, height: 844 };

let site: Awaited<ReturnType<typeof buildSite>>;
let server: Awaited<ReturnType<typeof serveFolder>>;
let browser: Browser;

beforeAll(async () => {
  site = await buildSite("fixtures");
  server = await serveFolder(site.folder, "fixtures.html");
  browser = await launchChromium();
});
afterAll(async () => {
  await browser.close();
  await server[Symbol.asyncDispose]();
  await site[Symbol.asyncDispose]();
});

describe("every state of every page", () => {
  it.each(PAGES)("%s %s is whole, readable and fits", async (scenario, path) => {
    await using opened = await open(scenario, path);
    expect(await troubles(opened, `${scenario}${path.replaceAll("/", "-")}`)).toEqual([]);
  });
});

describe("what opens on a page", () => {
  it.each([
    ["pending", "/openclaw/security", "Approve"],
    ["ready", "/openclaw/security", "Remove Ada's phone"],
    ["ready", "/openclaw/usage", "Restore"],
    ["ready", "/openclaw/usage", "Delete my OpenClaw"],
  ])("%s %s: the dialog of %s is whole, readable and fits", async (scenario, path, button) => {
    await using opened = await open(scenario, path);
    await opened.page.getByRole("button", { name: button }).first().click();
    await opened.page.getByRole("dialog").waitFor();
    expect(await troubles(opened, `dialog-${button.replaceAll(" ", "-")}`)).toEqual([]);
  });

  it.each(["Terminal", "Browser", "Computer", "App"])(
    "the way to connect by %s is whole, readable and fits",
    async (way) => {
      await using opened = await open("ready", "/openclaw/security");
      await opened.page.getByRole("button", { name: "Show how to connect" }).click();
      await opened.page.getByRole("tab", { name: way }).click();
      expect(await troubles(opened, `connect-${way}`)).toEqual([]);
    },
  );

  it("the menu of a narrow page is whole, readable and fits", async () => {
    await using opened = await open("pending", "/openclaw");
    await opened.page.setViewportSize(NARROW);
    await opened.page.getByRole("button", { name: "Open the menu" }).click();
    await keepPicture(opened.page, "menu-narrow");
    expect(await seriousViolations(opened.page, "everything")).toEqual([]);
  });
});

interface Opened extends AsyncDisposable {
  page: Page;
  thrown: string[];
}

/** What is wrong with a document in its three looks. Only colours and widths differ, so axe reads all of it once. */
async function troubles({ page, thrown }: Opened, name: string): Promise<string[]> {
  const found: string[] = [];
  await keepPicture(page, `${name}-light`);
  found.push(...(await overflow(page)), ...(await seriousViolations(page, "everything")));
  await page.emulateMedia({ colorScheme: "dark" });
  await keepPicture(page, `${name}-dark`);
  found.push(...(await seriousViolations(page, "contrast")));
  await page.emulateMedia({ colorScheme: "light" });
  await page.setViewportSize(NARROW);
  // The sidebar slides away.
  await page.waitForTimeout(300);
  await keepPicture(page, `${name}-narrow`);
  found.push(...(await overflow(page)), ...thrown);
  return found;
}

/** A line when the document is wider than the window. */
async function overflow(page: Page): Promise<string[]> {
  const [needed, given] = await page.evaluate(() => [document.documentElement.scrollWidth, window.innerWidth] as const);
  return needed > given ? [`${String(needed)} px of content in a window of ${String(given)} px`] : [];
}

/** Opens a page and waits until it has drawn what its scenario gives. */
async function open(scenario: string, path: string): Promise<Opened> {
  const context = await browser.newContext({ viewport: WIDE, colorScheme: "light", reducedMotion: "reduce" });
  const page = await context.newPage();
  const thrown: string[] = [];
  page.on("pageerror", (error) => thrown.push(error.message));
  await page.goto(`${server.origin}/fixtures.html#scenario=${scenario}&path=${path}`);
  await page.getByRole("heading", { level: 1 }).waitFor();
  // Live data and answers come within a tick or two; transitions are off.
  await page.waitForTimeout(200);
  return { page, thrown, [Symbol.asyncDispose]: () => context.close() };
}

async function keepPicture(page: Page, name: string): Promise<void> {
  const folder = process.env["SCREENSHOTS"];
  if (folder === undefined) return;
  await mkdir(folder, { recursive: true });
  await page.screenshot({ path: join(folder, `${name}.png`), fullPage: true });
}
