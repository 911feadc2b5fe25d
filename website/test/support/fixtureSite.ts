import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { launchChromium } from "../../../e2e/support/chromium.ts";
import { seriousViolations } from "./axe.ts";
import { builtSite } from "./builtSite.ts";
import { moved, newTab, settled, type Tab } from "./settled.ts";
import { type Answer, serveFolder } from "./staticServer.ts";

const WIDE = { width: 1280, height: 900 };
export const NARROW = { width: 390, height: 844 };
const LIGHT = { viewport: WIDE, colorScheme: "light", reducedMotion: "reduce" } as const;

/** The pages over made-up data, built, served and in a browser. */
export interface FixtureSite extends AsyncDisposable {
  /** Opens a page of a browser that knows nothing yet, and waits until it has drawn what its scenario gives. */
  open: (scenario: string, path: string) => Promise<Opened>;
  /** The same in a tab that was used before, which is half the work: for a test that leaves nothing behind in the browser. */
  look: (scenario: string, path: string) => Promise<Opened>;
}

export interface Opened extends AsyncDisposable {
  page: Page;
  thrown: readonly string[];
  /** Waits until the page has drawn what the last act has led to. */
  settled: () => Promise<void>;
}

export async function openFixtureSite(answer?: Answer): Promise<FixtureSite> {
  const server = await serveFolder(await builtSite("fixtures"), "fixtures.html", answer);
  const browser = await launchChromium();
  const shared = await browser.newContext(LIGHT);
  const free: Tab[] = [];
  const goTo = async (tab: Tab, scenario: string, path: string, close: () => Promise<void>): Promise<Opened> => {
    const { page, thrown } = tab;
    await page.goto(`${server.origin}/fixtures.html#scenario=${scenario}&path=${encodeURIComponent(path)}`);
    await page.getByRole("heading", { level: 1 }).waitFor();
    await settled(tab);
    return { page, thrown, settled: () => settled(tab), [Symbol.asyncDispose]: close };
  };
  return {
    async open(scenario, path) {
      const context = await browser.newContext(LIGHT);
      return await goTo(newTab(await context.newPage()), scenario, path, () => context.close());
    },
    async look(scenario, path) {
      const tab = free.pop() ?? newTab(await shared.newPage());
      await tab.page.setViewportSize(WIDE);
      await tab.page.emulateMedia({ colorScheme: "light" });
      return await goTo(tab, scenario, path, async () => {
        await tab.page.goto("about:blank");
        tab.thrown.length = 0;
        free.push(tab);
      });
    },
    async [Symbol.asyncDispose]() {
      await browser.close();
      await server[Symbol.asyncDispose]();
    },
  };
}

/** What is wrong with a document in its three looks: nothing, where all is well. Only colours and widths differ, so axe reads all of it once. */
export async function troubles(opened: Opened, name: string): Promise<string[]> {
  const { page, thrown } = opened;
  const found: string[] = [];
  await opened.settled();
  await keepPicture(page, `${name}-light`);
  found.push(...(await overflow(page)), ...(await seriousViolations(page, "everything")));
  await page.emulateMedia({ colorScheme: "dark" });
  await coloured(page, "dark");
  await keepPicture(page, `${name}-dark`);
  found.push(...(await seriousViolations(page, "contrast")));
  await page.emulateMedia({ colorScheme: "light" });
  await page.setViewportSize(NARROW);
  await moved(page);
  await keepPicture(page, `${name}-narrow`);
  found.push(...(await overflow(page)), ...thrown);
  return found;
}

/** Waits until the page shows a colour scheme: its colours fade from the other one. */
async function coloured(page: Page, scheme: "light" | "dark"): Promise<void> {
  await page.waitForFunction((wanted) => document.documentElement.dataset["mantineColorScheme"] === wanted, scheme);
  await moved(page);
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
