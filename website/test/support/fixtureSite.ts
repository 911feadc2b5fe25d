import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { launchChromium } from "../../../e2e/support/chromium.ts";
import { seriousViolations } from "./axe.ts";
import { buildSite } from "./buildSite.ts";
import { type Answer, serveFolder } from "./staticServer.ts";

const WIDE = { width: 1280, height: 900 };
export const NARROW = { width: 390, height: 844 };

/** The pages over made-up data, built, served and in a browser. */
export interface FixtureSite extends AsyncDisposable {
  /** Opens a page and waits until it has drawn what its scenario gives. */
  open: (scenario: string, path: string) => Promise<Opened>;
}

export async function openFixtureSite(answer?: Answer): Promise<FixtureSite> {
  const site = await buildSite("fixtures");
  const server = await serveFolder(site.folder, "fixtures.html", answer);
  const browser = await launchChromium();
  return {
    open: (scenario, path) => open(browser, server.origin, scenario, path),
    async [Symbol.asyncDispose]() {
      await browser.close();
      await server[Symbol.asyncDispose]();
      await site[Symbol.asyncDispose]();
    },
  };
}

async function open(browser: Browser, origin: string, scenario: string, path: string): Promise<Opened> {
  const context = await browser.newContext({ viewport: WIDE, colorScheme: "light", reducedMotion: "reduce" });
  const page = await context.newPage();
  const thrown: string[] = [];
  page.on("pageerror", (error) => thrown.push(error.message));
  await page.goto(`${origin}/fixtures.html#scenario=${scenario}&path=${encodeURIComponent(path)}`);
  await page.getByRole("heading", { level: 1 }).waitFor();
  // Live data and answers come within a tick or two; transitions are off.
  await page.waitForTimeout(200);
  return { page, thrown, [Symbol.asyncDispose]: () => context.close() };
}

export interface Opened extends AsyncDisposable {
  page: Page;
  thrown: string[];
}

/** What is wrong with a document in its three looks: nothing, where all is well. Only colours and widths differ, so axe reads all of it once. */
export async function troubles({ page, thrown }: Opened, name: string): Promise<string[]> {
  const found: string[] = [];
  await keepPicture(page, `${name}-light`);
  found.push(...(await overflow(page)), ...(await seriousViolations(page, "everything")));
  await page.emulateMedia({ colorScheme: "dark" });
  await coloured(page, "dark");
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

/** Waits until the page shows a colour scheme: its colours fade from the other one, and are neither meanwhile. */
async function coloured(page: Page, scheme: "light" | "dark"): Promise<void> {
  await page.waitForFunction((wanted) => document.documentElement.dataset["mantineColorScheme"] === wanted, scheme);
  await page.evaluate(async () => {
    const frame = () => new Promise((resolve) => requestAnimationFrame(resolve));
    await frame();
    await frame();
    const fading = document.getAnimations().filter((animation) => animation instanceof CSSTransition);
    await Promise.allSettled(fading.map(({ finished }) => finished));
  });
}

/** A line when the document is wider than the window. */
async function overflow(page: Page): Promise<string[]> {
  const [needed, given] = await page.evaluate(() => [document.documentElement.scrollWidth, window.innerWidth] as const);
  return needed > given ? [`${String(needed)} px of content in a window of ${String(given)} px`] : [];
}

/** Kept only with `SCREENSHOTS=<folder>`. */
export async function keepPicture(page: Page, name: string): Promise<void> {
  const folder = process.env["SCREENSHOTS"];
  if (folder === undefined) return;
  await mkdir(folder, { recursive: true });
  await page.screenshot({ path: join(folder, `${name}.png`), fullPage: true });
}
