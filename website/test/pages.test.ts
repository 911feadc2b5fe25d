import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { seriousViolations } from "./support/axe.ts";
import { type FixtureSite, keepPicture, NARROW, openFixtureSite, troubles } from "./support/fixtureSite.ts";

/**
 * Every state of every page, over made-up data, in a real browser: nothing thrown and nothing wider than the window, at
 * 1280 and at 390 px; nothing axe calls serious, in light and in dark. With `SCREENSHOTS=<folder>` each is kept as a picture.
 */
const PAGES: readonly (readonly [scenario: string, path: string])[] = [
  ["signedOut", "/"],
  ["signedOut", "/sign-in"],
  ["signedOut", "/sign-up"],
  ["signedOut", "/no/such/page"],
  ["ready", "/openclaw/no-such-page"],
  ["unreachable", "/openclaw"],
  ["loading", "/openclaw"],
  ["loading", "/openclaw/billing"],
  ["broken", "/openclaw"],
  ["fresh", "/openclaw"],
  ["fresh", "/openclaw/create"],
  ["fresh", "/openclaw/security"],
  ["emptyLedger", "/openclaw/billing"],
  ["provisioning", "/openclaw/create"],
  ["failed", "/openclaw/create"],
  ["failed", "/openclaw"],
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

let site: FixtureSite;

beforeAll(async () => {
  site = await openFixtureSite();
});
afterAll(() => site[Symbol.asyncDispose]());

describe.concurrent("every state of every page", () => {
  it.each(PAGES)("%s %s is whole, readable and fits", async (scenario, path) => {
    await using opened = await site.look(scenario, path);
    expect(await troubles(opened, `${scenario}${path.replaceAll("/", "-")}`)).toEqual([]);
  });
});

describe.concurrent("what opens on a page", () => {
  it.each([
    ["pending", "/openclaw/security", "Approve"],
    ["ready", "/openclaw/security", "Remove Ada's phone"],
    ["ready", "/openclaw/usage", "Restore"],
    ["ready", "/openclaw/usage", "Delete my OpenClaw"],
  ])("%s %s: the dialog of %s is whole, readable and fits", async (scenario, path, button) => {
    await using opened = await site.look(scenario, path);
    await opened.page.getByRole("button", { name: button }).first().click();
    await opened.page.getByRole("dialog").waitFor();
    expect(await troubles(opened, `dialog-${button.replaceAll(" ", "-")}`)).toEqual([]);
  });

  it.each(["Terminal", "Browser", "Computer", "App"])(
    "the way to connect by %s is whole, readable and fits",
    async (way) => {
      await using opened = await site.look("ready", "/openclaw/security");
      await opened.page.getByRole("button", { name: "Show how to connect" }).click();
      await opened.page.getByRole("tab", { name: way }).click();
      expect(await troubles(opened, `connect-${way}`)).toEqual([]);
    },
  );

  it("the menu of a narrow page is whole, readable and fits", async () => {
    await using opened = await site.look("pending", "/openclaw");
    await opened.page.setViewportSize(NARROW);
    await opened.page.getByRole("button", { name: "Open the menu" }).click();
    await keepPicture(opened.page, "menu-narrow");
    expect(await seriousViolations(opened.page, "everything")).toEqual([]);
  });
});
