import { createHash, randomBytes } from "node:crypto";
import {
  CLI_AUTH_PATHS,
  CliDeviceToken,
  DeviceCode,
  EDITOR_PATHS,
  EditorMe,
  EditorStarted,
  EditorTokens,
} from "@oa/contract";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { launchChromium } from "./support/chromium.ts";
import { startTestStack, type TestStack } from "./support/stack.ts";

const ADA = "ada@example.com";
const FIRST_PASSWORD = "correct horse battery staple";
const SECOND_PASSWORD = "a different horse entirely";

/** One person's account in real browsers, an editor and a terminal, with doubles of GitHub and of mail. In order, one story. */
describe("an account and the ways into it", () => {
  let stack: TestStack;
  let browser: Browser;
  let context: BrowserContext;
  let page: Page;
  const pageErrors: string[] = [];

  const open = async (): Promise<{ context: BrowserContext; page: Page }> => {
    const context = await browser.newContext({ baseURL: stack.info().api, viewport: { width: 1280, height: 900 } });
    context.setDefaultTimeout(60_000);
    const page = await context.newPage();
    page.on("pageerror", (error) => pageErrors.push(error.message));
    return { context, page };
  };

  const signIn = async (page: Page, password: string): Promise<void> => {
    await page.getByLabel("E-mail").fill(ADA);
    await page.getByLabel("Password", { exact: true }).fill(password);
    await page.getByRole("button", { name: "Sign in", exact: true }).click();
  };

  /** Opens the newest mail with this subject in the outbox, the way a person does, and gives the page its link opens. */
  const followMail = async (subject: string): Promise<Page> => {
    const outbox = await context.newPage();
    const mail = outbox.getByRole("listitem").filter({ hasText: subject }).first().getByRole("link");
    await expect
      .poll(async () => {
        await outbox.goto(`${stack.info().doubles.mail ?? ""}/outbox`);
        return await mail.count();
      })
      .toBe(1);
    await mail.click();
    await outbox.getByRole("heading", { name: "Links" }).waitFor();
    const link = outbox.getByRole("listitem").first().getByRole("link");
    expect(await link.getAttribute("href")).toMatch(/#token=/);
    await link.click();
    outbox.on("pageerror", (error) => pageErrors.push(error.message));
    return outbox;
  };

  const rows = (page: Page) => page.getByRole("list", { name: "Where you are signed in" }).getByRole("listitem");
  const security = async (page: Page): Promise<void> => {
    await page.goto("/account/security");
    await rows(page).first().waitFor();
  };

  beforeAll(async () => {
    stack = await startTestStack({ ADMIN_EMAILS: ADA });
    browser = await launchChromium();
    ({ context, page } = await open());
  });
  afterAll(async () => {
    await browser.close();
    await stack.dispose();
  });

  it("signs in with GitHub, declines once, and comes back to the page it wanted", async () => {
    const guest = await open();
    await guest.page.goto("/account/security");
    await guest.page.getByRole("link", { name: "Continue with GitHub" }).click();
    await guest.page.getByRole("button", { name: "Cancel" }).click();
    await guest.page.getByText("You declined there").waitFor();
    await guest.page.goto("/account/security");
    await guest.page.getByRole("link", { name: "Continue with GitHub" }).click();
    await guest.page.getByRole("button", { name: "One verified e-mail" }).click();
    await guest.page.getByText("Your only way in").waitFor();
    await guest.page.getByText("Verified", { exact: true }).waitFor();
    await rows(guest.page).getByText("This browser").waitFor();
    await guest.context.close();
  });

  it("signs up and verifies the e-mail by the mail in the outbox; the page that stayed open sees it", async () => {
    await page.goto("/sign-up?next=/account/security");
    await page.getByLabel("E-mail").fill(ADA);
    await page.getByLabel("Password", { exact: true }).fill(FIRST_PASSWORD);
    await page.getByRole("button", { name: "Create account" }).click();
    await page.getByText("Not verified").waitFor();
    await page.getByRole("button", { name: "Send me the link" }).click();
    await page.getByRole("link", { name: "Read it in the outbox" }).waitFor();
    const landing = await followMail("Confirm your e-mail address");
    await landing.getByRole("button", { name: "Yes, verify it" }).click();
    await landing.getByText("Your e-mail is verified").first().waitFor();
    await landing.close();
    await page.getByText("Verified", { exact: true }).waitFor();
    await page.getByText("E-mail verified").waitFor();
  });

  it("ends another browser, which leaves for the sign-in page by itself", async () => {
    const other = await open();
    await other.page.goto("/sign-in?next=/openclaw/billing");
    await signIn(other.page, FIRST_PASSWORD);
    await other.page.getByText("$5.00").first().waitFor();
    await expect.poll(() => rows(page).count(), { timeout: 60_000 }).toBe(2);
    await page.getByRole("button", { name: /^End / }).click();
    await page.getByRole("dialog").getByRole("button", { name: "End it" }).click();
    await other.page.waitForURL(/\/sign-in\?next=/, { timeout: 60_000 });
    await expect.poll(() => rows(page).count(), { timeout: 60_000 }).toBe(1);
    await other.context.close();
  });

  it("changes the password and stays where it is, live", async () => {
    await page.getByRole("button", { name: "Change the password" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByLabel("Password of today", { exact: true }).fill("not the password at all");
    await dialog.getByLabel("New password", { exact: true }).fill(SECOND_PASSWORD);
    await dialog.getByRole("button", { name: "Change it" }).click();
    await dialog.getByText("That is not your password", { exact: true }).waitFor();
    await dialog.getByLabel("Password of today", { exact: true }).fill(FIRST_PASSWORD);
    await dialog.getByRole("button", { name: "Change it" }).click();
    await page.getByText("Your new password is set.").waitFor();
    await page.getByText("Password changed").waitFor();
    await rows(page).getByText("This browser").waitFor();
  });

  it("forgets the password, sets a new one by mail, and the link works only once", async () => {
    await page.goto("/openclaw");
    await page.getByRole("button", { name: `Account of ${ADA}` }).click();
    await page.getByRole("menuitem", { name: "Sign out" }).click();
    await page.getByRole("link", { name: "Forgot your password?" }).click();
    await page.getByRole("heading", { name: "Forgot your password?" }).waitFor();
    await page.getByLabel("E-mail").fill(ADA);
    await page.getByRole("button", { name: "Send me a link" }).click();
    await page.getByText(`If ${ADA} has an account here`).waitFor();
    const landing = await followMail("Set a new password");
    const link = landing.url();
    await landing.getByLabel("New password", { exact: true }).fill(FIRST_PASSWORD);
    await landing.getByRole("button", { name: "Set the password" }).click();
    await landing.getByText("Your new password is set").first().waitFor();
    await landing.goto("about:blank");
    await landing.goto(link);
    await landing.getByLabel("New password", { exact: true }).fill(SECOND_PASSWORD);
    await landing.getByRole("button", { name: "Set the password" }).click();
    await landing.getByText("The password is as it was").waitFor();
    await landing.getByRole("link", { name: "Send me a new link" }).waitFor();
    await landing.close();
    await page.goto("/sign-in");
    await signIn(page, FIRST_PASSWORD);
    await page.getByText("You have no OpenClaw yet").waitFor();
  });

  it("opens the editor: one click gives a link whose token the editor's API takes", async () => {
    // A tab of its own: the browser asks whether it may open the editor, and until someone answers, that tab takes no clicks.
    const tab = await context.newPage();
    await tab.goto("/signup?ref=occ-editor&state=1e3");
    await tab.getByRole("button", { name: "Open the editor" }).click();
    const link = new URL(await tab.getByLabel(/Nothing opened/).inputValue());
    expect(link.protocol).toBe("occ-editor:");
    expect(link.searchParams.get("state")).toBe("1e3");
    expect(Number(link.searchParams.get("balance"))).toBe(5);
    const answer = await fetch(`${stack.info().api}${EDITOR_PATHS.me}`, {
      headers: { authorization: `Bearer ${link.searchParams.get("token") ?? ""}` },
    });
    expect(EditorMe.parse(await answer.json())).toMatchObject({ email: ADA, balance_usd: 5 });
    expect(tab.url()).not.toContain("token");
    await tab.close();
  });

  it("lets an editor in by its link; the code it brings back works once, for who started it", async () => {
    const verifier = randomBytes(32).toString("base64url");
    const post = (path: string, body: unknown) =>
      fetch(`${stack.info().api}${path}`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify(body),
      });
    const started = EditorStarted.parse(
      await (
        await post(EDITOR_PATHS.start, {
          callback: "vscode://openagents.occ/signed-in",
          state: "s-1",
          code_challenge: createHash("sha256").update(verifier).digest("base64url"),
        })
      ).json(),
    );
    const tab = await context.newPage();
    await tab.goto(started.url);
    await tab.getByText(started.user_code).waitFor();
    await tab.getByRole("button", { name: "Sign it in" }).click();
    const code = await tab.getByLabel(/Paste this code/).inputValue();
    const back = await tab.getByRole("link", { name: "Open it again" }).getAttribute("href");
    expect(back).toBe(`vscode://openagents.occ/signed-in?code=${code}&state=s-1`);
    await tab.close();
    const exchange = { flow: started.flow, code, code_verifier: verifier };
    const first = await post(EDITOR_PATHS.exchange, exchange);
    expect(EditorTokens.parse(await first.json()).user.email).toBe(ADA);
    expect((await post(EDITOR_PATHS.exchange, exchange)).status).toBe(400);
  });

  it("signs a terminal in by its code", async () => {
    const post = (path: string, body: unknown) =>
      fetch(`${stack.info().api}${path}`, {
        method: "POST",
        headers: { "content-type": "application/json", "user-agent": "openclaw-token/0.1.0" },
        body: JSON.stringify(body),
      });
    const asked = DeviceCode.parse(await (await post(CLI_AUTH_PATHS.deviceCode, {})).json());
    await page.goto("/device");
    await page.getByLabel("Code").fill(asked.user_code.toLowerCase());
    await page.getByRole("button", { name: "Continue" }).click();
    await page.getByText(asked.user_code).waitFor();
    await page.getByRole("button", { name: "Sign it in" }).click();
    await page.getByText("Go back to your terminal").first().waitFor();
    const token = await post(CLI_AUTH_PATHS.deviceToken, { device_code: asked.device_code });
    expect(CliDeviceToken.parse(await token.json()).email).toBe(ADA);
    await security(page);
    await expect.poll(() => rows(page).count(), { timeout: 60_000 }).toBe(4);
    await page.getByText("Terminal signed in").waitFor();
    await page.getByText("Editor signed in").first().waitFor();
  });

  it("turns away a code that nobody was given", async () => {
    await page.goto("/device?user_code=BBBB-BBBB");
    await page.getByText("That sign-in cannot be confirmed").waitFor();
    await page.getByRole("button", { name: "Type another code" }).click();
    await page.getByLabel("Code").waitFor();
  });

  it("as an administrator, stops someone's OpenClaw; its owner sees it happen", async () => {
    const bob = await open();
    await bob.page.goto("/sign-up");
    await bob.page.getByLabel("E-mail").fill("bob@example.com");
    await bob.page.getByLabel("Password", { exact: true }).fill(FIRST_PASSWORD);
    await bob.page.getByRole("button", { name: "Create account" }).click();
    await bob.page.getByRole("link", { name: "Set up my OpenClaw" }).click();
    await bob.page.getByRole("button", { name: "Create my OpenClaw" }).click();
    await bob.page.getByRole("heading", { name: "Ready" }).waitFor({ timeout: 240_000 });

    await page.goto("/openclaw");
    await page.getByRole("link", { name: "Administration" }).click();
    const instance = page.getByRole("listitem").filter({ hasText: "bob@example.com" });
    await instance.getByText("Ready", { exact: true }).waitFor();
    await instance.getByRole("button", { name: "Act on the OpenClaw of bob@example.com" }).click();
    await page.getByRole("menuitem", { name: "Stop…" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Stop" }).click();
    await bob.page.getByRole("heading", { name: "Stopped" }).waitFor({ timeout: 60_000 });
    await instance.getByText("Stopped", { exact: true }).waitFor();

    await bob.page.goto("/admin");
    await bob.page.getByText("This page is for administrators").waitFor();
    await bob.context.close();
  });

  it("signs out everywhere: editor, terminal and this browser", async () => {
    await security(page);
    await page.getByRole("button", { name: "Sign out everywhere" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Sign out everywhere" }).click();
    await page.waitForURL(/\/sign-in/);
    await signIn(page, FIRST_PASSWORD);
    await page.waitForURL((url) => !url.pathname.startsWith("/sign-in"));
    await security(page);
    expect(await rows(page).count()).toBe(1);
  });

  it("threw nothing on any page", () => {
    expect(pageErrors).toEqual([]);
  });
});
