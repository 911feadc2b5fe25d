import type { Locator, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type FixtureSite, openFixtureSite } from "./support/fixtureSite.ts";

/** Where a keyboard is after what it acted on is gone. */
let site: FixtureSite;

beforeAll(async () => {
  site = await openFixtureSite();
});
afterAll(() => site[Symbol.asyncDispose]());

const focusWithin = (locator: Locator): Promise<boolean> =>
  locator.evaluate((element) => element === document.activeElement).catch(() => false);
const heading = (page: Page, name: string): Locator => page.getByRole("heading", { name, exact: true });

describe("the focus of a keyboard", () => {
  it("goes from an alert that is put away to the next one, and from the last to the heading", async () => {
    await using opened = await site.open("lowBalance", "/openclaw/billing");
    const { page } = opened;
    const alerts = page.getByRole("list", { name: "Alerts" }).getByRole("listitem");
    await page.getByRole("button", { name: /^Put away: my-app/ }).press("Enter");
    await expect.poll(() => alerts.count()).toBe(1);
    await expect.poll(() => focusWithin(alerts.first())).toBe(true);
    await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    await expect.poll(() => alerts.count()).toBe(0);
    await expect.poll(() => focusWithin(heading(page, "Credits"))).toBe(true);
  });

  it("goes from a decided request to the one that still waits", async () => {
    await using opened = await site.open("pending", "/openclaw/security");
    const { page } = opened;
    const requests = page.getByRole("article", { name: /^Pairing request/ });
    const others = (await requests.count()) - 1;
    await requests.first().getByRole("button", { name: "Reject" }).press("Enter");
    await page.getByRole("dialog").getByRole("button", { name: "Reject" }).press("Enter");
    await expect.poll(() => requests.count()).toBe(others);
    await expect.poll(() => focusWithin(requests.first())).toBe(true);
  });

  it("comes back to a button that was disabled while it worked", async () => {
    await using opened = await site.open("runtimeDown", "/openclaw/usage");
    const { page } = opened;
    const button = page.getByRole("button", { name: "Back up now" });
    await button.press("Enter");
    await page.getByRole("alert").filter({ hasText: "The backup was not made" }).waitFor();
    await expect.poll(() => focusWithin(button)).toBe(true);
  });

  it("comes back to the menu from the dialog that was opened by it", async () => {
    await using opened = await site.open("admin", "/admin");
    const { page } = opened;
    const menu = page.getByRole("button", { name: /^Act on the OpenClaw of/ }).first();
    await menu.press("Enter");
    await page.getByRole("menuitem", { name: "Restart…" }).press("Enter");
    await page.getByRole("dialog").getByRole("button", { name: "Cancel" }).press("Enter");
    await page.getByRole("dialog").waitFor({ state: "detached" });
    await expect.poll(() => focusWithin(menu)).toBe(true);
  });

  it("is not taken back from who let go of a field", async () => {
    await using opened = await site.open("ready", "/openclaw/usage");
    const { page } = opened;
    const field = page.getByRole("searchbox", { name: "Search" });
    await field.fill("telegram");
    await field.blur();
    await expect.poll(() => page.getByRole("log").innerText()).toMatch(/telegram/);
    await page.evaluate(() => document.body.append(document.createElement("i")));
    await opened.settled();
    expect(await focusWithin(field)).toBe(false);
  });
});
