import type { Locator, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type FixtureSite, NARROW, openFixtureSite } from "./support/fixtureSite.ts";

/** What the pages do under a person's hands, over made-up data. What they look like is in `pages.test.ts`. */
let site: FixtureSite;

beforeAll(async () => {
  site = await openFixtureSite();
});
afterAll(() => site[Symbol.asyncDispose]());

/** Requests the page makes from now on that change something: "POST /api/…". */
function actsOf(page: Page): string[] {
  const acts: string[] = [];
  page.on("console", (message) => {
    if (message.type() === "debug" && !message.text().startsWith("GET ")) acts.push(message.text());
  });
  return acts;
}

function focused(page: Page): Promise<string> {
  return page.evaluate(() => document.activeElement?.textContent ?? "");
}

/** Where Tab leads from a place on, twelve times. */
async function stopsAfter(page: Page, from: Locator): Promise<string[]> {
  await from.focus();
  const stops: string[] = [];
  for (let stop = 0; stop < 12; stop += 1) {
    await page.keyboard.press("Tab");
    stops.push(await focused(page));
  }
  return stops;
}

describe("with the keyboard alone", () => {
  it("the first stop skips to the content", async () => {
    await using opened = await site.open("ready", "/openclaw");
    await opened.page.keyboard.press("Tab");
    expect(await focused(opened.page)).toBe("Skip to the content");
    expect(await opened.page.getByRole("link", { name: "Skip to the content" }).boundingBox()).toMatchObject({ x: 8 });
    await opened.page.keyboard.press("Enter");
    expect(await opened.page.evaluate(() => document.activeElement?.id)).toBe("content");
  });

  it("on a small screen, the menu is out of reach until it is opened, and Escape closes it", async () => {
    await using opened = await site.open("ready", "/openclaw");
    const { page } = opened;
    await page.setViewportSize(NARROW);
    const burger = page.getByRole("button", { name: "Open the menu" });
    await burger.waitFor();
    expect(await stopsAfter(page, burger)).not.toContain("Devices");
    await burger.press("Enter");
    const stops = await stopsAfter(page, page.getByRole("button", { name: "Close the menu" }));
    expect(stops).toContain("Devices");
    expect(stops).not.toContain("Restart");
    await page.keyboard.press("Escape");
    await expect.poll(() => burger.evaluate((button) => button === document.activeElement)).toBe(true);
  });

  it("a new page has its own title and takes the focus to its heading", async () => {
    await using opened = await site.open("ready", "/openclaw");
    const { page } = opened;
    expect(await page.title()).toBe("Overview · OpenClaw");
    await page.getByRole("link", { name: "Devices" }).press("Enter");
    await page.getByRole("heading", { level: 1, name: "Devices" }).waitFor();
    await expect.poll(() => focused(page)).toBe("Devices");
    expect(await page.title()).toBe("Devices · OpenClaw");
  });

  it("Escape leaves a dialog without acting, and the focus is back where it was", async () => {
    await using opened = await site.open("pending", "/openclaw/security");
    const { page } = opened;
    const acts = actsOf(page);
    await page.getByRole("button", { name: "Approve" }).first().press("Enter");
    await page.getByRole("dialog").waitFor();
    await page.keyboard.press("Escape");
    await page.getByRole("dialog").waitFor({ state: "detached" });
    await expect.poll(() => focused(page)).toBe("Approve");
    expect(acts).toEqual([]);
  });
});

describe("a list that is read page by page", () => {
  it("says where it ends, and the focus of the button that asked for more goes there", async () => {
    await using opened = await site.open("ready", "/openclaw/billing");
    const { page } = opened;
    await page.getByRole("button", { name: "Show older entries" }).press("Enter");
    await expect.poll(() => focused(page)).toBe("That is all there is.");
  });
});

describe("a pairing request", () => {
  it("says who asks, whence and until when, and asks again with all it would allow before it is approved", async () => {
    await using opened = await site.open("pending", "/openclaw/security");
    const { page } = opened;
    const acts = actsOf(page);
    const request = page.getByRole("article", { name: "Pairing request of Control UI in a browser" });
    await expect.poll(() => request.innerText()).toMatch(/198\.51\.100\.23[^]*0b0f7a52-6d5e[^]*Full control/);
    await expect.poll(() => request.innerText()).toMatch(/4:\d\d left/);
    await request.getByRole("button", { name: "Approve" }).click();
    const dialog = page.getByRole("dialog");
    expect(await dialog.innerText()).toMatch(/0b0f7a52-6d5e[^]*Full control[^]*Approve and remove other devices/);
    await dialog.getByRole("button", { name: "Approve" }).click();
    await page.getByText("Control UI in a browser was approved.").waitFor();
    await request.waitFor({ state: "detached" });
    expect(acts).toEqual(["POST /api/openclaw/runtime/devices/0b0f7a52-6d5e-4c39-9f0e-0f6b6d1f4c11/approve"]);
  });

  it("is counted in the menu on every page", async () => {
    await using opened = await site.open("pending", "/openclaw/billing");
    await expect.poll(() => opened.page.getByLabel("2 waiting for approval").count()).toBe(1);
  });

  it("of a node that waits without an end shows no countdown", async () => {
    await using opened = await site.open("pending", "/openclaw/security");
    const node = opened.page.getByRole("article", { name: /attic/ });
    expect(await node.innerText()).not.toMatch(/\d left/);
  });
});

describe("the gateway's token", () => {
  it("is fetched only when asked for, and gone when hidden", async () => {
    await using opened = await site.open("ready", "/openclaw/security");
    const { page } = opened;
    const acts = actsOf(page);
    expect(await page.content()).not.toContain("not-a-real-token");
    expect(acts).toEqual([]);
    await page.getByRole("button", { name: "Show how to connect" }).click();
    await page.getByText(/openclaw tui --url \S+ --token not-a-real-token/).waitFor();
    expect(acts).toEqual(["POST /api/openclaw/runtime/connect"]);
    await page.getByRole("button", { name: "Hide" }).click();
    await page.getByRole("button", { name: "Show how to connect" }).waitFor();
    expect(await page.content()).not.toContain("not-a-real-token");
  });
});

describe("what cannot be undone", () => {
  it.each([
    ["Restore", "restore", "POST /api/openclaw/runtime/restore"],
    ["Delete my OpenClaw", "delete my openclaw", "DELETE /api/openclaw/instance"],
  ])("%s works only after its words are typed", async (button, phrase, act) => {
    await using opened = await site.open("ready", "/openclaw/usage");
    const { page } = opened;
    const acts = actsOf(page);
    await page.getByRole("button", { name: button }).first().click();
    const dialog = page.getByRole("dialog");
    const confirm = dialog.getByRole("button", { name: button.split(" ")[0] ?? button, exact: true });
    expect(await confirm.isDisabled()).toBe(true);
    await dialog.getByRole("textbox").fill("yes");
    await page.keyboard.press("Enter");
    expect(await confirm.isDisabled()).toBe(true);
    await dialog.getByRole("textbox").fill(phrase);
    await confirm.click();
    await dialog.waitFor({ state: "detached" });
    await expect.poll(() => acts).toEqual([act]);
  });

  it("a backup that did not verify cannot be restored", async () => {
    await using opened = await site.open("ready", "/openclaw/usage");
    const broken = opened.page.getByRole("listitem").filter({ hasText: "Not verified" });
    expect(await broken.getByRole("button", { name: "Restore" }).isDisabled()).toBe(true);
  });
});

describe("long work", () => {
  it("a restart shows that it runs, then that it is done and how long it took", async () => {
    await using opened = await site.open("ready", "/openclaw/usage");
    const { page } = opened;
    await page.getByRole("button", { name: "Restart" }).click();
    await page.getByText("Restarting the gateway…").waitFor();
    await page.getByText("The gateway is running again after 14 s.").waitFor();
    await expect.poll(() => page.getByText("Restarting the gateway…").count()).toBe(0);
  });

  it("work that someone else began shows here too, and keeps other work from starting", async () => {
    await using opened = await site.open("degraded", "/openclaw/usage");
    await opened.page.getByText("Restarting the gateway: starting the gateway").waitFor();
    expect(await opened.page.getByRole("button", { name: "Back up now" }).isDisabled()).toBe(true);
  });

  it("says why the last one failed, also when someone else had asked for it", async () => {
    await using opened = await site.open("degraded", "/openclaw/usage");
    const trouble = opened.page.getByRole("note").filter({ hasText: "The backup was not made" });
    expect(await trouble.innerText()).toMatch(/The disk is full: nothing could be written\. It ended 3 min ago/);
  });

  it("a refusal is shown where it was asked for, with the id to report", async () => {
    await using opened = await site.open("runtimeDown", "/openclaw/usage");
    const { page } = opened;
    await page.getByRole("button", { name: "Back up now" }).click();
    const failure = page.getByRole("alert").filter({ hasText: "The backup was not made" });
    expect(await failure.innerText()).toMatch(/does not answer[^]*req_0123456789abcdef/);
  });
});

describe("how long the gateway has been up", () => {
  it("is true through every change of state, and not said of one that is off", async () => {
    await using opened = await site.open("ready", "/openclaw");
    const { page } = opened;
    const become = (status: string) =>
      page.evaluate((detail) => window.dispatchEvent(new CustomEvent("fixture:instance-changed", { detail })), {
        status,
      });
    await page.getByText("Gateway up for").waitFor();
    await page.evaluate(() => {
      const said: string[] = [];
      Object.assign(window, { said });
      new MutationObserver(() => said.push(document.body.innerText)).observe(document.body, {
        subtree: true,
        childList: true,
        characterData: true,
      });
    });
    await become("degraded");
    await page.getByRole("heading", { name: "Degraded" }).waitFor();
    await opened.settled();
    await become("stopped");
    await page.getByRole("heading", { name: "Stopped" }).waitFor();
    await opened.settled();
    expect(
      await page.evaluate(() => JSON.stringify(Object.entries(window).find(([name]) => name === "said"))),
    ).not.toMatch(/\d{4,} d/);
    expect(await page.locator("main").innerText()).not.toContain("Gateway up for");
  });
});

describe("the log", () => {
  it("can be filtered and searched", async () => {
    await using opened = await site.open("ready", "/openclaw/usage");
    const { page } = opened;
    const log = page.getByRole("log");
    expect(await log.innerText()).toMatch(/gateway listening[^]*backup written/);
    await page.getByRole("searchbox", { name: "Search" }).fill("telegram");
    await expect.poll(() => log.innerText()).toMatch(/^\S+ WARN channel telegram/);
  });
});

describe("the colour scheme", () => {
  it("follows the system until one is chosen, and stays chosen", async () => {
    await using opened = await site.open("ready", "/openclaw");
    const { page } = opened;
    const scheme = () => page.evaluate(() => document.documentElement.dataset["mantineColorScheme"]);
    expect(await scheme()).toBe("light");
    await page.getByRole("button", { name: /Colour scheme/ }).click();
    await page.getByRole("menuitem", { name: "Dark" }).click();
    await expect.poll(scheme).toBe("dark");
    await page.reload({ waitUntil: "commit" });
    await expect.poll(scheme).toBe("dark");
  });
});

describe("a broken connection", () => {
  it("is said after a moment, with what it means", async () => {
    await using opened = await site.open("degraded", "/openclaw");
    const bar = opened.page.getByRole("alert").filter({ hasText: "Reconnecting" });
    await expect.poll(() => bar.innerText(), { timeout: 10_000 }).toMatch(/may be a little old/);
  });

  it("is not said of a page that has only just begun to connect", async () => {
    await using opened = await site.open("degraded", "/openclaw");
    const { page } = opened;
    await page.addInitScript(() => {
      new MutationObserver((_changes, observer) => {
        if (document.querySelector("h1") === null) return;
        observer.disconnect();
        document.documentElement.dataset["saidAtFirst"] = String(document.body.innerText.includes("Reconnecting"));
      }).observe(document, { subtree: true, childList: true });
    });
    await page.reload();
    const saidAtFirst = () => page.evaluate(() => document.documentElement.dataset["saidAtFirst"]);
    await expect.poll(saidAtFirst).toBeDefined();
    expect(await saidAtFirst()).toBe("false");
  });

  it("offers one way to try again where setting up has failed", async () => {
    await using opened = await site.open("failed", "/openclaw");
    expect(await opened.page.getByRole("button", { name: "Try again" }).count()).toBe(1);
  });

  it("a server that is not reached gives a page with a way to try again", async () => {
    await using opened = await site.open("unreachable", "/openclaw");
    await opened.page.getByText("The server could not be reached.").waitFor();
    expect(await opened.page.getByRole("button", { name: "Try again" }).isVisible()).toBe(true);
  });
});
