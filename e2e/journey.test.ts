import { InstanceRead, parseEnvelope } from "@oa/contract";
import { CLI_PROFILE, connectDevice, newDeviceIdentity } from "@oa/runtime/testing";
import type { Browser, Locator, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { launchChromium } from "./support/chromium.ts";
import { startTestStack, type TestStack } from "./support/stack.ts";

/** What a person does in one sitting, in a real browser, against a real gateway. The tests are one story, in order. */
describe("a person gets a hosted OpenClaw", () => {
  let stack: TestStack;
  let browser: Browser;
  let page: Page;
  const pageErrors: string[] = [];
  const device = newDeviceIdentity();
  let gateway: { url: string; token: string };

  beforeAll(async () => {
    stack = await startTestStack();
    browser = await launchChromium();
    const context = await browser.newContext({ baseURL: stack.info().api, viewport: { width: 1280, height: 900 } });
    page = await context.newPage();
    page.setDefaultTimeout(60_000);
    page.on("pageerror", (error) => pageErrors.push(error.message));
  });
  afterAll(async () => {
    await browser.close();
    await stack.dispose();
  });

  const button = (name: string): Locator => page.getByRole("button", { name, exact: true });
  const connect = () => connectDevice({ ...gateway, identity: device, profile: CLI_PROFILE });
  const connected = async (): Promise<void> => {
    const connection = await connect();
    expect(connection).toMatchObject({ state: "connected" });
    if (connection.state === "connected") connection.close();
  };

  it("signs up, from the front page", async () => {
    await page.goto("/");
    await page.getByRole("link", { name: "Get started" }).click();
    await page.getByLabel("E-mail").fill("journey@example.com");
    await page.getByLabel("Password", { exact: true }).fill("correct horse battery staple");
    await button("Create account").click();
    await page.getByText("You have no OpenClaw yet").waitFor();
  });

  it("presses Create and watches a real gateway come up step by step, without reloading", async () => {
    await page.getByRole("link", { name: "Set up my OpenClaw" }).click();
    await button("Create my OpenClaw").click();
    await page.getByText(/Step \d of 8/).waitFor();
    await page.getByText("Boot the OpenClaw gateway").waitFor();
    await page.getByRole("heading", { name: "Ready" }).waitFor({ timeout: 240_000 });
    const answer = await page.request.get("/api/openclaw/instance");
    const envelope = parseEnvelope(InstanceRead, await answer.json());
    expect(envelope).toMatchObject({ ok: true, data: { instance: { status: "ready" } } });
  });

  it("shows how to connect a device, and a device asks", async () => {
    await page.getByRole("link", { name: "Connect a device" }).first().click();
    await button("Show how to connect").click();
    await page.getByRole("tab", { name: "App" }).click();
    const url = await page.getByText(/^ws:\/\/.*\/gateway$/).textContent();
    const token = await page.getByLabel("Token", { exact: true }).inputValue();
    gateway = { url: url ?? "", token };
    expect(await connect()).toMatchObject({ state: "refused", code: "PAIRING_REQUIRED" });
  });

  it("sees the request come in live, with who asks and for what, and approves it", async () => {
    const request = page.getByRole("article", { name: /Pairing request/ });
    await request.waitFor();
    await request.getByText("127.0.0.1").waitFor();
    await request.getByRole("button", { name: "Approve" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Approve" }).click();
    await request.waitFor({ state: "detached" });
    await page.getByRole("list", { name: "Paired devices" }).getByRole("listitem").waitFor();
    await connected();
  });

  it("backs up while it runs, and the backup is listed as verified", async () => {
    await page.getByRole("link", { name: "Backups and logs" }).click();
    await button("Back up now").click();
    const backups = page.getByRole("list", { name: "Backups" });
    await backups.getByRole("listitem").first().waitFor({ timeout: 90_000 });
    expect(await backups.textContent()).toMatch(/verified/i);
  });

  it("restarts, and the page says so until the new gateway is ready", async () => {
    await page.getByRole("link", { name: "Overview" }).click();
    await button("Restart").click();
    await page.getByText("Restarting the gateway").waitFor();
    await page.getByText(/running again after/).waitFor({ timeout: 240_000 });
    await page.getByRole("heading", { name: "Ready" }).waitFor();
  });

  it("has $5.00 of credits, and the ledger says why", async () => {
    await page.getByRole("link", { name: "Balance and ledger" }).click();
    await page.getByText("$5.00").first().waitFor();
    const ledger = page.getByRole("table", { name: "Ledger" });
    await ledger.getByText("Welcome credit").waitFor();
  });

  it("finds it all again after Ctrl-C and a second npm start, still signed in", async () => {
    expect(await stack.interrupt()).toBe(0);
    await stack.start();
    await page.goto("/openclaw");
    await page.getByRole("heading", { name: "Ready" }).waitFor({ timeout: 240_000 });
    // The page says what was so before the stop until the gateway's host is asked; a device tries until it is let in.
    const isLetIn = () =>
      connected().then(
        () => true,
        () => false,
      );
    await expect.poll(isLetIn, { timeout: 240_000 }).toBe(true);
  });

  it("threw nothing on any page", () => {
    expect(pageErrors).toEqual([]);
  });
});
