import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type FixtureSite, openFixtureSite, troubles } from "./support/fixtureSite.ts";

/** Every state of the pages of credits, usage and keys, looked at like the others in `pages.test.ts`. */
const KEY = "/openclaw/keys/1111222233334444";
const PAGES: readonly (readonly [name: string, scenario: string, path: string])[] = [
  ["keys", "ready", "/openclaw/keys"],
  ["keys-none", "noInference", "/openclaw/keys"],
  ["keys-loading", "loading", "/openclaw/keys"],
  ["keys-broken", "broken", "/openclaw/keys"],
  ["key", "ready", KEY],
  ["key-never-used", "ready", "/openclaw/keys/2222333344445555"],
  ["key-expired", "ready", "/openclaw/keys/5555666677778888"],
  ["key-of-openclaw", "ready", "/openclaw/keys/6666777788889999"],
  ["key-unknown", "ready", "/openclaw/keys/0000000000000000"],
  ["key-loading", "loading", KEY],
  ["usage", "ready", "/openclaw/usage/credits"],
  ["usage-own-days", "ready", "/openclaw/usage/credits?from=2026-11-01&to=2026-11-03"],
  ["usage-none", "noInference", "/openclaw/usage/credits?range=month"],
  ["usage-loading", "loading", "/openclaw/usage/credits"],
  ["billing-low", "lowBalance", "/openclaw/billing"],
  ["billing-empty", "emptyBalance", "/openclaw/billing"],
  ["billing-frozen", "frozen", "/openclaw/billing"],
  ["billing-broken", "broken", "/openclaw/billing"],
  ["banner-low", "lowBalance", "/openclaw/security"],
  ["banner-frozen", "frozen", "/openclaw/keys"],
  ["models-own-keys", "ownKeys", "/openclaw"],
];

let site: FixtureSite;

beforeAll(async () => {
  site = await openFixtureSite();
});
afterAll(() => site[Symbol.asyncDispose]());

/** The page that stands for one that threw is whole and readable, too. */
async function gaveUp(page: Page): Promise<boolean> {
  return (await page.getByRole("heading", { name: "This page did not load" }).count()) > 0;
}

describe.concurrent("every state of the pages of credits", () => {
  it.each(PAGES)("%s (%s %s) is whole, readable and fits", async (name, scenario, path) => {
    await using opened = await site.look(scenario, path);
    expect(await gaveUp(opened.page)).toBe(false);
    expect(await troubles(opened, `credits-${name}`)).toEqual([]);
  });
});

describe.concurrent("what opens on the pages of credits", () => {
  it.each([
    ["ready", "/openclaw/keys", "New key"],
    ["ready", KEY, "Change"],
    ["ready", KEY, "Turn off"],
    ["ready", KEY, "Rotate"],
    ["ready", KEY, "Revoke"],
    ["ready", "/openclaw/keys/6666777788889999", "Rotate"],
    ["ready", "/openclaw", "Add a provider key"],
    ["ownKeys", "/openclaw", "Replace the key of Anthropic"],
    ["ownKey", "/openclaw", "Remove the key of OpenAI"],
  ])("%s %s: the dialog of %s is whole, readable and fits", async (scenario, path, button) => {
    await using opened = await site.look(scenario, path);
    await opened.page.getByRole("button", { name: button, exact: true }).click();
    await opened.page.getByRole("dialog").waitFor();
    expect(await troubles(opened, `credits-dialog-${path.slice(-4)}-${button.replaceAll(" ", "-")}`)).toEqual([]);
  });

  it.each([
    ["ready", "price"],
    ["lowBalance", "tokens"],
    ["frozen", "nothing"],
  ])("%s: why a call was charged, with its %s", async (scenario, what) => {
    await using opened = await site.look(scenario, "/openclaw/usage/credits");
    await opened.page
      .getByRole("button", { name: /^Why\? / })
      .first()
      .click();
    await opened.page.getByRole("dialog").waitFor();
    expect(await troubles(opened, `credits-why-${what}`)).toEqual([]);
  });

  it("the table of the days is whole, readable and fits", async () => {
    await using opened = await site.look("ready", "/openclaw/usage/credits?range=7d");
    await opened.page.getByText("Table", { exact: true }).click();
    await opened.page.getByRole("table", { name: "By day" }).waitFor();
    expect(await troubles(opened, "credits-usage-table")).toEqual([]);
  });

  it.each(["Add or take away…", "Freeze…"])("the admin's dialog of %s is whole, readable and fits", async (act) => {
    await using opened = await site.look("admin", "/admin?tab=people");
    await opened.page.getByRole("button", { name: "Act on the credits of ada@example.com" }).click();
    await opened.page.getByRole("menuitem", { name: act }).click();
    await opened.page.getByRole("dialog").waitFor();
    expect(await troubles(opened, `credits-admin-${act.split(" ")[0] ?? act}`)).toEqual([]);
  });
});
