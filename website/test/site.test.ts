import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { launchChromium } from "../../e2e/support/chromium.ts";
import { builtSite } from "./support/builtSite.ts";
import { serveFolder } from "./support/staticServer.ts";
import { PASSWORD, StubDoor } from "./support/stubDoor.ts";

/** The website as it is deployed, under the door's content security policy. */
let folder: string;
let server: Awaited<ReturnType<typeof serveFolder>>;
let browser: Browser;
const door = new StubDoor();

beforeAll(async () => {
  folder = await builtSite("production");
  server = await serveFolder(folder, "index.html", door.answer);
  browser = await launchChromium();
});
afterAll(async () => {
  await browser.close();
  await server[Symbol.asyncDispose]();
});
beforeEach(() => {
  door.signedIn = false;
  door.answersSignOutLate = false;
});

async function visit(path: string) {
  const context = await browser.newContext({ reducedMotion: "reduce" });
  const page = await context.newPage();
  const refusals: string[] = [];
  page.on("console", (message) => {
    if (message.text().includes("Content Security Policy")) refusals.push(message.text());
  });
  await page.goto(server.origin + path);
  return { page, refusals, [Symbol.asyncDispose]: () => context.close() };
}

async function fillIn(page: Page, password: string): Promise<void> {
  await page.getByLabel("E-mail").fill("ada@example.com");
  await page.getByLabel("Password", { exact: true }).fill(password);
}

describe("the files of the website", () => {
  it("hold no inline script, no fixture, and nothing that only servers may know", async () => {
    const html = await readFile(join(folder, "index.html"), "utf8");
    expect(html.match(/<script(?![^>]*\ssrc=)/)).toBeNull();
    expect(await readdir(folder)).not.toContain("fixtures.html");
    const assets = join(folder, "assets");
    for (const name of await readdir(assets)) {
      const text = await readFile(join(assets, name), "utf8");
      // A sentence of the header helpers, names of the door's variables, a value of the fixtures.
      expect(/the internal key|OA_INTERNAL|OA_CONTROL|not-a-real-token/.exec(text)).toBeNull();
    }
  });

  it("have their hash in their names", async () => {
    const names = await readdir(join(folder, "assets"));
    expect(names.filter((name) => !/-[\w-]{8}\.(js|css)$/.test(name))).toEqual([]);
  });

  it("give a visitor the front page within 240 kB of script", async () => {
    const context = await browser.newContext();
    const page = await context.newPage();
    const scripts = new Set<string>();
    page.on("response", (response) => {
      if (response.url().endsWith(".js")) scripts.add(new URL(response.url()).pathname);
    });
    await page.goto(server.origin);
    await page.getByRole("link", { name: "Get started" }).waitFor();
    const sizes = await Promise.all(
      [...scripts].map(async (path) => gzipSync(await readFile(join(folder, path))).length),
    );
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(240_000);
    await context.close();
  });
});

describe("signing in", () => {
  it("a private address leads to the sign-in page and, after it, back", async () => {
    await using visited = await visit("/openclaw/security?from=mail");
    const { page, refusals } = visited;
    await page.waitForURL(`${server.origin}/sign-in?next=%2Fopenclaw%2Fsecurity%3Ffrom%3Dmail`);
    await fillIn(page, PASSWORD);
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.waitForURL(`${server.origin}/openclaw/security?from=mail`);
    await page.getByRole("heading", { level: 1, name: "Devices" }).waitFor();
    expect(refusals).toEqual([]);
  });

  it("a wrong password is said once, at no field, and the form keeps what was typed", async () => {
    await using visited = await visit("/sign-in");
    const { page } = visited;
    await fillIn(page, "not my password");
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.getByRole("alert").filter({ hasText: "The e-mail or the password is wrong." }).waitFor();
    expect(await page.getByLabel("E-mail").getAttribute("aria-invalid")).not.toBe("true");
    expect(await page.getByLabel("E-mail").inputValue()).toBe("ada@example.com");
    expect(page.url()).toBe(`${server.origin}/sign-in`);
  });

  it.each(["//evil.example/x", "https://evil.example", "/\\evil.example"])("never leaves for %s", async (next) => {
    await using visited = await visit(`/sign-in?next=${encodeURIComponent(next)}`);
    const { page } = visited;
    await fillIn(page, PASSWORD);
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.getByRole("heading", { level: 1, name: "Overview" }).waitFor();
    expect(page.url()).toBe(`${server.origin}/openclaw`);
  });

  it("tells password managers which field is which", async () => {
    await using visited = await visit("/sign-in");
    await visited.page.getByRole("button", { name: "Sign in" }).waitFor();
    const names = await visited.page
      .locator("form input")
      .evaluateAll((inputs) => inputs.map((input) => input.getAttribute("autocomplete")));
    expect(names).toEqual(["username", "current-password"]);
    await visited.page.goto(`${server.origin}/sign-up`);
    await visited.page.getByRole("button", { name: "Create account" }).waitFor();
    const fresh = await visited.page
      .locator("form input")
      .evaluateAll((inputs) => inputs.map((input) => input.getAttribute("autocomplete")));
    expect(fresh).toEqual(["email", "new-password"]);
  });
});

describe("signing up", () => {
  it("says at each field what is wrong before anything is sent, and goes to the first", async () => {
    await using visited = await visit("/sign-up");
    const { page } = visited;
    await page.getByLabel("E-mail").fill("ada");
    await page.getByLabel("Password", { exact: true }).fill("short");
    await page.getByRole("button", { name: "Create account" }).click();
    await page.getByText("That is not an e-mail address").waitFor();
    await page.getByText("Use at least 10 characters").waitFor();
    expect(await page.getByLabel("E-mail").evaluate((input) => input === document.activeElement)).toBe(true);
  });

  it("says of a taken e-mail so at the e-mail", async () => {
    await using visited = await visit("/sign-up");
    const { page } = visited;
    await fillIn(page, PASSWORD);
    await page.getByRole("button", { name: "Create account" }).click();
    await page.getByText("There is already an account with this e-mail. Sign in instead.").waitFor();
    await expect.poll(() => page.getByLabel("E-mail").evaluate((input) => input === document.activeElement)).toBe(true);
  });
});

describe("a session that ends", () => {
  it("by signing out, forgets everything with a new document", async () => {
    door.signedIn = true;
    await using visited = await visit("/openclaw");
    const { page } = visited;
    await page.evaluate(() => Object.assign(window, { before: true }));
    await page.getByRole("button", { name: /Account of ada@example.com/ }).click();
    await page.getByRole("menuitem", { name: "Sign out" }).click();
    await page.waitForURL(`${server.origin}/sign-in`);
    expect(await page.evaluate(() => "before" in window)).toBe(false);
  });

  it("by signing out, leads back to nowhere, also when the live connection hears of it before the answer comes", async () => {
    door.signedIn = true;
    door.answersSignOutLate = true;
    await using visited = await visit("/openclaw");
    const { page } = visited;
    await page.getByRole("button", { name: /Account of ada@example.com/ }).click();
    await page.getByRole("menuitem", { name: "Sign out" }).click();
    await page.waitForURL(/\/sign-in/);
    expect(page.url()).toBe(`${server.origin}/sign-in`);
  });

  it("elsewhere, leads to the sign-in page and back as soon as the page notices", async () => {
    door.signedIn = true;
    await using visited = await visit("/openclaw/billing");
    const { page } = visited;
    await page.getByRole("heading", { level: 1, name: "Credits" }).waitFor();
    door.signedIn = false;
    // The live connection asks the door for a token again and again, and hears that the session is over.
    await expect
      .poll(() => page.url(), { timeout: 30_000 })
      .toBe(`${server.origin}/sign-in?next=%2Fopenclaw%2Fbilling`);
  });
});

describe("a live connection that nobody lets in", () => {
  it("is said, although its socket is open", async () => {
    door.signedIn = true;
    await using visited = await visit("/sign-up");
    const { page } = visited;
    await page.routeWebSocket(/\/sync$/, () => undefined);
    await page.goto(`${server.origin}/openclaw`);
    const bar = page.getByRole("alert").filter({ hasText: "Connecting" });
    await expect.poll(() => bar.count()).toBe(1);
  });
});

describe("an address that is no page", () => {
  it("says so, with a way on", async () => {
    await using visited = await visit("/no/such/page");
    await visited.page.getByRole("heading", { name: "There is no page here" }).waitFor();
    expect(await visited.page.title()).toBe("Not found · OpenClaw");
  });
});
