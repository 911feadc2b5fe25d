import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type FixtureSite, openFixtureSite, troubles } from "./support/fixtureSite.ts";

/** Every state of the pages of accounts and administration, looked at like the others in `pages.test.ts`. */
const TOKEN = "A".repeat(43);
const FLOW = `/editor/authorize?flow=${"f".repeat(22)}`;
const PAGES: readonly (readonly [name: string, scenario: string, path: string])[] = [
  ["sign-in-problem", "signedOutAllWays", "/sign-in?error=email_required"],
  ["sign-up-for-the-editor", "signedOutAllWays", "/signup?ref=occ-editor&state=abc"],
  ["forgot", "signedOutAllWays", "/forgot-password"],
  ["forgot-without-mail", "signedOut", "/forgot-password"],
  ["reset", "signedOutAllWays", `/reset-password#token=${TOKEN}`],
  ["reset-broken-link", "signedOutAllWays", "/reset-password"],
  ["verify-signed-out", "signedOutAllWays", `/verify-email#token=${TOKEN}`],
  ["verify", "ready", `/verify-email#token=${TOKEN}`],
  ["verify-broken-link", "ready", "/verify-email"],
  ["security", "accountEverything", "/account/security?error=taken"],
  ["security-unverified", "accountUnverified", "/account/security"],
  ["security-without-password", "accountWithoutPassword", "/account/security"],
  ["security-loading", "loading", "/account/security"],
  ["security-broken", "broken", "/account/security"],
  ["editor", "ready", "/editor/authorize?state=abc"],
  ["flow", "ready", FLOW],
  ["flow-to-a-host", "flowRemote", FLOW],
  ["flow-over", "flowOver", FLOW],
  ["device", "ready", "/device"],
  ["device-code", "flowTerminal", "/device?user_code=wdjbmjht"],
  ["device-denied", "flowDenied", "/device?user_code=wdjbmjht"],
  ["device-over", "flowOver", "/device?user_code=wdjbmjht"],
  ["admin", "admin", "/admin"],
  ["admin-people", "admin", "/admin?tab=people"],
  ["admin-empty", "adminEmpty", "/admin"],
  ["admin-empty-people", "adminEmpty", "/admin?tab=people"],
  ["admin-loading", "adminLoading", "/admin"],
  ["admin-rights-loading", "loading", "/admin"],
  ["admin-rights-broken", "broken", "/admin"],
  ["admin-for-others", "ready", "/admin"],
];

let site: FixtureSite;

beforeAll(async () => {
  site = await openFixtureSite();
});
afterAll(() => site[Symbol.asyncDispose]());

describe.concurrent("every state of the pages of accounts", () => {
  it.each(PAGES)("%s (%s %s) is whole, readable and fits", async (name, scenario, path) => {
    await using opened = await site.look(scenario, path);
    expect(await troubles(opened, `account-${name}`)).toEqual([]);
  });
});

describe.concurrent("what opens on the pages of accounts", () => {
  it.each([
    ["accountEverything", "/account/security", "End OCC editor"],
    ["accountEverything", "/account/security", "Sign out everywhere"],
    ["accountEverything", "/account/security", "Unlink GitHub"],
    ["accountEverything", "/account/security", "Change the password"],
    ["accountWithoutPassword", "/account/security", "Set a password"],
  ])("%s %s: the dialog of %s is whole, readable and fits", async (scenario, path, button) => {
    await using opened = await site.look(scenario, path);
    await opened.page.getByRole("button", { name: button }).click();
    await opened.page.getByRole("dialog").waitFor();
    expect(await troubles(opened, `account-dialog-${button.replaceAll(" ", "-")}`)).toEqual([]);
  });

  it.each(["Devices…", "Restart…", "Stop…", "Delete…"])("the admin's dialog of %s is whole", async (act) => {
    await using opened = await site.look("admin", "/admin");
    await opened.page.getByRole("button", { name: "Act on the OpenClaw of ada@example.com" }).click();
    await opened.page.getByRole("menuitem", { name: act }).click();
    await opened.page.getByRole("dialog").waitFor();
    expect(await troubles(opened, `admin-dialog-${act.slice(0, -1)}`)).toEqual([]);
  });
});

describe("what a person does there", () => {
  it("asks for a link: the answer is the same for everyone, and says where a trial installation shows its mail", async () => {
    await using opened = await site.open("signedOutAllWays", "/forgot-password");
    const { page } = opened;
    await page.getByRole("button", { name: "Send me a link" }).click();
    await page.getByText("That is not an e-mail address").waitFor();
    await page.getByLabel("E-mail").fill("someone@example.com");
    await page.getByLabel("E-mail").press("Enter");
    await page.getByText("If someone@example.com has an account here").waitFor();
    expect(await page.getByRole("link", { name: "Read it in the outbox" }).getAttribute("href")).toContain("/outbox");
    expect(await page.evaluate(() => document.activeElement?.textContent)).toContain("Look at your mail");
    expect(await troubles(opened, "account-forgot-sent")).toEqual([]);
  });

  it("sets a new password by the link, and the secret of the link is left behind", async () => {
    await using opened = await site.open("signedOutAllWays", `/reset-password#token=${TOKEN}`);
    const { page } = opened;
    await page.getByLabel("New password").fill("short");
    await page.getByLabel("New password").press("Enter");
    await page.getByText("Use at least 10 characters").waitFor();
    await page.getByLabel("New password").fill("long enough by far");
    await page.getByLabel("New password").press("Enter");
    await page.getByText("Your new password is set").first().waitFor();
    expect(await troubles(opened, "account-reset-done")).toEqual([]);
    await page.getByRole("link", { name: "Sign in" }).click();
    await page.getByRole("heading", { name: "Sign in" }).waitFor();
  });

  it("sees why a link was refused", async () => {
    await using opened = await site.open("signedOutRefused", `/reset-password#token=${TOKEN}`);
    await opened.page.getByLabel("New password").fill("long enough by far");
    await opened.page.getByLabel("New password").press("Enter");
    await opened.page.getByText("That was too often").waitFor();
    expect(await troubles(opened, "account-reset-refused")).toEqual([]);
  });

  it("opens the editor: the token comes with the click, not with the page", async () => {
    await using opened = await site.open("ready", "/editor/authorize?state=abc");
    const { page } = opened;
    expect(await page.getByLabel(/Nothing opened/).count()).toBe(0);
    await page.getByRole("button", { name: "Open the editor" }).click();
    const fallback = page.getByLabel(/Nothing opened/);
    await fallback.waitFor();
    expect(await fallback.inputValue()).toMatch(/^occ-editor:\/\/auth\?token=.+&balance=.+&state=s$/);
    expect(await fallback.getAttribute("type")).toBe("password");
    expect(await troubles(opened, "account-editor-opened")).toEqual([]);
  });

  it("types a terminal's code as it likes, compares, and says yes", async () => {
    await using opened = await site.open("flowTerminal", "/device");
    const { page } = opened;
    await page.getByLabel("Code").fill("aeiou");
    await page.getByLabel("Code").press("Enter");
    await page.getByText("Compare it once more").waitFor();
    await page.getByLabel("Code").fill("wdjb mjht");
    await page.getByLabel("Code").press("Enter");
    await page.getByText("WDJB-MJHT").waitFor();
    await page.getByRole("button", { name: "Sign it in" }).click();
    await page.getByText("Go back to your terminal").first().waitFor();
    expect(await troubles(opened, "account-device-done")).toEqual([]);
  });

  it("says yes to an editor and finds the code to paste where its address does not open", async () => {
    await using opened = await site.open("ready", FLOW);
    await opened.page.getByRole("button", { name: "Sign it in" }).click();
    const code = opened.page.getByLabel(/Paste this code/);
    await code.waitFor();
    expect(await code.inputValue()).toBe("not-a-real-code-0123456789");
    expect(await troubles(opened, "account-flow-done")).toEqual([]);
  });

  it("says no", async () => {
    await using opened = await site.open("flowTerminal", "/device?user_code=wdjbmjht");
    await opened.page.getByRole("button", { name: "Deny" }).click();
    await opened.page.getByText("It was not let in").first().waitFor();
    expect(await troubles(opened, "account-device-said-no")).toEqual([]);
  });

  it("looks for a person by the beginning of their address", async () => {
    await using opened = await site.open("admin", "/admin?tab=people");
    const people = opened.page.getByRole("list", { name: "People" }).getByRole("listitem");
    expect(await people.count()).toBe(3);
    await opened.page.getByLabel("E-mail begins with").fill("bob");
    await opened.page.getByText("In order of their e-mail").waitFor();
    await expect.poll(() => people.count()).toBe(1);
    await opened.page.getByLabel("E-mail begins with").fill("nobody");
    await opened.page.getByText('No e-mail begins with "nobody"').waitFor();
    expect(await troubles(opened, "admin-nobody-found")).toEqual([]);
  });
});
