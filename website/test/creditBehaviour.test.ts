import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type FixtureSite, openFixtureSite, troubles } from "./support/fixtureSite.ts";

/** What the pages of credits do under a person's hands, over made-up data. What they look like is in `creditPages.test.ts`. */
const KEY = "/openclaw/keys/1111222233334444";
const SECRET = "sk-prov-not-a-real-key-0123456789";

let site: FixtureSite;

beforeAll(async () => {
  site = await openFixtureSite();
});
afterAll(() => site[Symbol.asyncDispose]());

/** Requests the page makes from now on that change something: "POST /web/…". */
function actsOf(page: Page): string[] {
  const acts: string[] = [];
  page.on("console", (message) => {
    if (message.type() === "debug" && !message.text().startsWith("GET ")) acts.push(message.text());
  });
  return acts;
}

/** The secret, in whatever field or text of the document it stands. */
async function secretIsThere(page: Page): Promise<boolean> {
  const inField = await page.evaluate(
    (secret) => [...document.querySelectorAll("input")].some(({ value }) => value === secret),
    SECRET,
  );
  return inField || (await page.content()).includes(SECRET);
}

describe("a new key", () => {
  it("says at each field what is wrong, before anything is sent, and goes to the first", async () => {
    await using opened = await site.open("ready", "/openclaw/keys");
    const { page } = opened;
    const acts = actsOf(page);
    await page.getByRole("button", { name: "New key" }).click();
    await page.getByLabel("The limit begins anew").selectOption("daily");
    await page.getByLabel("Last day").fill("2020-01-01");
    await page.getByRole("button", { name: "Create the key" }).click();
    await page.getByText("Give it a name, so that you know it again.").waitFor();
    await page.getByText("Without a limit there is nothing to begin anew.").waitFor();
    await page.getByText("Choose a day that is not over yet.").waitFor();
    expect(
      await page.getByRole("textbox", { name: "Name" }).evaluate((input) => input === document.activeElement),
    ).toBe(true);
    expect(acts).toEqual([]);
    expect(await troubles(opened, "credits-new-key-wrong")).toEqual([]);
  });

  it("shows its secret once, hidden, with code to paste; only its own button closes it", async () => {
    await using opened = await site.open("ready", "/openclaw/keys");
    const { page } = opened;
    await page.getByRole("button", { name: "New key" }).click();
    await page.getByRole("textbox", { name: "Name" }).fill("my-script");
    await page.getByLabel("Limit", { exact: true }).fill("1.50");
    await page.getByRole("textbox", { name: "Name" }).press("Enter");
    const secret = page.getByLabel("The key");
    await secret.waitFor();
    expect(await secret.inputValue()).toBe(SECRET);
    expect(await secret.getAttribute("type")).toBe("password");
    await page.getByText("This is the only time it is shown").waitFor();
    const code = page.getByText(/curl http:\/\/127\.0\.0\.1:\d+\/v1\/chat\/completions/);
    expect(await code.innerText()).toContain('"model": "claude-haiku-4-5"');
    await page.keyboard.press("Escape");
    expect(await secret.isVisible()).toBe(true);
    expect(await troubles(opened, "credits-secret")).toEqual([]);
    await page.getByRole("button", { name: "I have stored it" }).click();
    await page.getByRole("dialog").waitFor({ state: "detached" });
    expect(await secretIsThere(page)).toBe(false);
  });

  it("the first one shows its secret although the empty list gives way to a list with it meanwhile", async () => {
    await using opened = await site.open("noInference", "/openclaw/keys");
    const { page } = opened;
    await page.getByRole("button", { name: "New key" }).click();
    await page.getByRole("textbox", { name: "Name" }).fill("my-script");
    await page.getByRole("textbox", { name: "Name" }).press("Enter");
    await expect.poll(() => page.getByText("You have no key yet").count()).toBe(0);
    await page.getByLabel("The key").waitFor();
    expect(await page.getByLabel("The key").inputValue()).toBe(SECRET);
    await page.getByText("No model is offered on this installation right now").waitFor();
    expect(await page.getByText(/curl/).count()).toBe(0);
  });

  it("can call what is offered, each at its price", async () => {
    await using opened = await site.open("ready", "/openclaw/keys");
    const models = opened.page.getByRole("table", { name: "Models" });
    expect((await models.innerText()).replaceAll(/\s+/g, " ")).toContain("gpt-4o-mini $0.15 $0.60");
    expect(await models.getByRole("row").count()).toBe(9);
    await opened.page.getByRole("button", { name: "Show all 9" }).click();
    await models.getByText("text-embedding-3-small").waitFor();
    await opened.page.getByRole("button", { name: "Show fewer" }).click();
    expect(await models.getByRole("row").count()).toBe(9);
  });

  it("of a name one has is said so at the name", async () => {
    await using opened = await site.open("creditsRefused", "/openclaw/keys");
    const { page } = opened;
    await page.getByRole("button", { name: "New key" }).click();
    await page.getByRole("textbox", { name: "Name" }).fill("my-app");
    await page.getByRole("textbox", { name: "Name" }).press("Enter");
    await page.getByText("One of your keys has this name. Choose another.").waitFor();
    expect(await page.getByRole("textbox", { name: "Name" }).inputValue()).toBe("my-app");
  });
});

describe("a key", () => {
  it("is changed only where something is other than before", async () => {
    await using opened = await site.open("ready", KEY);
    const { page } = opened;
    const acts = actsOf(page);
    await page.getByRole("button", { name: "Change" }).click();
    expect(await page.getByLabel("Limit", { exact: true }).inputValue()).toBe("$1");
    await page.getByRole("button", { name: "Save" }).click();
    await page.getByRole("dialog").waitFor({ state: "detached" });
    expect(acts).toEqual([]);
    await page.getByRole("button", { name: "Change" }).click();
    await page.getByLabel("Limit", { exact: true }).fill("2");
    await page.getByRole("button", { name: "Save" }).click();
    await page.getByText("my-app was changed.").waitFor();
    expect(acts).toEqual(["POST /web/keys/1111222233334444"]);
  });

  it("is rotated after one has chosen how long the secret of before may go on, and shows the new one once", async () => {
    await using opened = await site.open("ready", KEY);
    const { page } = opened;
    const acts = actsOf(page);
    await page.getByRole("button", { name: "Rotate" }).click();
    const dialog = page.getByRole("dialog");
    expect(await dialog.getByLabel("10 minutes more").isChecked()).toBe(true);
    await dialog.getByLabel("It stops at once").check();
    await dialog.getByRole("button", { name: "Rotate the key" }).click();
    await page.getByRole("button", { name: "I have stored it" }).waitFor();
    expect(await secretIsThere(page)).toBe(true);
    expect(acts).toEqual(["POST /web/keys/1111222233334444/rotate"]);
    await page.getByRole("button", { name: "I have stored it" }).click();
    await dialog.waitFor({ state: "detached" });
    expect(await secretIsThere(page)).toBe(false);
  });

  it("is revoked only after its name is typed, and the list is shown again", async () => {
    await using opened = await site.open("ready", KEY);
    const { page } = opened;
    const acts = actsOf(page);
    await page.getByRole("button", { name: "Revoke" }).click();
    const dialog = page.getByRole("dialog");
    const confirm = dialog.getByRole("button", { name: "Revoke" });
    expect(await confirm.isDisabled()).toBe(true);
    await dialog.getByRole("textbox").fill("my-app");
    await confirm.click();
    await page.getByRole("heading", { level: 1, name: "API keys" }).waitFor();
    expect(acts).toEqual(["DELETE /web/keys/1111222233334444"]);
  });

  it("of the hosted OpenClaw is not revoked by hand, and its new secret is shown to nobody", async () => {
    await using opened = await site.open("ready", "/openclaw/keys/6666777788889999");
    const { page } = opened;
    const acts = actsOf(page);
    expect(await page.getByRole("button", { name: "Revoke" }).count()).toBe(0);
    await page.getByRole("button", { name: "Rotate" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Rotate the key" }).click();
    await page.getByText("The new secret is on its way to the gateway.").waitFor();
    expect(acts).toEqual(["POST /api/openclaw/inference-key/rotate"]);
    expect(await secretIsThere(page)).toBe(false);
  });
});

describe("usage", () => {
  it("keeps the chosen days in the address of the page, and refuses days that do not fit together", async () => {
    await using opened = await site.open("ready", "/openclaw/usage/credits?from=2026-11-01&to=2026-11-03");
    const { page } = opened;
    await page.getByText("1 Nov 2026 to 3 Nov 2026, UTC").waitFor();
    await page.getByLabel("First day").fill("2026-11-09");
    await page.getByRole("button", { name: "Show", exact: true }).click();
    await page.getByText("The first day comes after the last.").waitFor();
    await page.getByLabel("Last day").fill("2026-11-10");
    await page.getByRole("button", { name: "Show", exact: true }).click();
    await page.getByText("9 Nov 2026 to 10 Nov 2026, UTC").waitFor();
    const csv = page.getByRole("link", { name: "Download the usage as CSV" });
    expect(await csv.getAttribute("href")).toBe("/web/usage/export?format=csv&from=2026-11-09&to=2026-11-10");
  });

  it("gives every number of the picture as a table", async () => {
    await using opened = await site.open("ready", "/openclaw/usage/credits?from=2026-11-01&to=2026-11-03");
    const { page } = opened;
    await page.getByText("Table", { exact: true }).click();
    const rows = page.getByRole("table", { name: "By day" }).getByRole("row");
    await expect.poll(() => rows.allInnerTexts()).toHaveLength(4);
    expect((await rows.nth(1).innerText()).split(/\s*\t\s*/)).toEqual(["3 Nov 2026", "0", "0", "$0.00"]);
  });

  it("says of a call what made up its price, to the last digit", async () => {
    await using opened = await site.open("ready", "/openclaw/billing");
    const { page } = opened;
    await page.getByRole("button", { name: "gpt-4o-mini · 12,040 in, 310 out · key my-app" }).click();
    const parts = page.getByRole("dialog").getByRole("table", { name: "Parts of the price" });
    expect((await parts.innerText()).replaceAll(/\s+/g, " ")).toMatch(
      /Input 4,040 \$0\.15 \$0\.000606 Input read from the cache 8,000 \$0\.075 \$0\.0006 Output 310 \$0\.60 \$0\.000186 Charged \$0\.001392/,
    );
  });
});

describe("trouble with credits", () => {
  it.each([
    ["lowBalance", "Your credits are low"],
    ["emptyBalance", "Your credits are used up"],
    ["suspended", "Your OpenClaw is suspended"],
    ["frozen", "Your credits are frozen"],
  ])("%s: is said on every page, once, and in full on the page of credits", async (scenario, title) => {
    await using opened = await site.open(scenario, "/openclaw/security");
    const { page } = opened;
    const notice = page.getByRole("note").filter({ hasText: title });
    const short = await notice.innerText();
    await notice.getByRole("link", { name: "See my credits" }).click();
    await page.getByRole("heading", { level: 1, name: "Credits" }).waitFor();
    await expect.poll(() => notice.count()).toBe(1);
    expect((await notice.innerText()).length).toBeGreaterThan(short.length);
  });

  it("an alert is put away", async () => {
    await using opened = await site.open("lowBalance", "/openclaw/billing");
    const { page } = opened;
    const acts = actsOf(page);
    const alerts = page.getByRole("list", { name: "Alerts" }).getByRole("listitem");
    expect(await alerts.count()).toBe(2);
    await page.getByRole("button", { name: "Put away: Granted credits lapse soon" }).click();
    await expect.poll(() => acts).toEqual(["POST /web/alerts/al2/seen"]);
  });

  it("a stand-in that answers model calls is named", async () => {
    await using opened = await site.open("lowBalance", "/openclaw");
    const notice = opened.page.getByRole("note").filter({ hasText: "A trial installation" });
    expect(await notice.innerText()).toContain("A stand-in answers model calls");
  });
});

describe("own provider keys", () => {
  it("are stored, and leave the page", async () => {
    await using opened = await site.open("ready", "/openclaw");
    const { page } = opened;
    const acts = actsOf(page);
    await page.getByText("On your credits", { exact: true }).waitFor();
    await page.getByRole("button", { name: "Add a provider key" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByRole("button", { name: "Store the key" }).click();
    await dialog.getByText("Paste the key.").waitFor();
    await dialog.getByLabel("Provider").selectOption("openai");
    await dialog.getByLabel("Key", { exact: true }).fill(SECRET);
    await dialog.getByRole("button", { name: "Store the key" }).click();
    await page.getByText("The key of OpenAI is stored.").waitFor();
    expect(acts).toEqual(["PUT /api/openclaw/provider-keys"]);
    await dialog.waitFor({ state: "detached" });
    expect(await secretIsThere(page)).toBe(false);
  });

  it("say before the last one goes that credits are spent again", async () => {
    await using opened = await site.open("ownKey", "/openclaw");
    const { page } = opened;
    const acts = actsOf(page);
    await page.getByRole("button", { name: "Remove the key of OpenAI" }).click();
    const dialog = page.getByRole("dialog");
    expect(await dialog.innerText()).toMatch(/on your credits again/);
    await dialog.getByRole("button", { name: "Remove" }).click();
    await page.getByText("The key of OpenAI was removed.").waitFor();
    expect(acts).toEqual(["DELETE /api/openclaw/provider-keys"]);
  });
});

describe("an administrator", () => {
  it("adds credits with a reason, after seeing what the balance will be", async () => {
    await using opened = await site.open("admin", "/admin?tab=people");
    const { page } = opened;
    const acts = actsOf(page);
    await page.getByRole("button", { name: "Act on the credits of ada@example.com" }).click();
    await page.getByRole("menuitem", { name: "Add or take away…" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByLabel("Amount").fill("10");
    await dialog.getByText("Balance now: $4.8665. Afterwards: $14.8665.").waitFor();
    await dialog.getByRole("button", { name: "Add $10.00" }).click();
    await dialog.getByText("Say why, in at least three letters.").waitFor();
    expect(acts).toEqual([]);
    await dialog.getByLabel("Reason").fill("for the outage");
    await dialog.getByRole("button", { name: "Add $10.00" }).click();
    await page.getByText("ada@example.com now has $14.8665.").waitFor();
    expect(acts).toEqual(["POST /web/admin/users/u1/credits"]);
  });

  it("freezes and unfreezes with a reason", async () => {
    await using opened = await site.open("admin", "/admin?tab=people");
    const { page } = opened;
    const acts = actsOf(page);
    await page.getByText("Credits frozen", { exact: true }).waitFor();
    await page.getByRole("button", { name: "Act on the credits of bob@example.com" }).click();
    await page.getByRole("menuitem", { name: "Unfreeze…" }).click();
    const confirm = page.getByRole("dialog").getByRole("button", { name: "Unfreeze" });
    expect(await confirm.isDisabled()).toBe(true);
    await page.getByRole("dialog").getByLabel("Reason").fill("it was settled");
    await confirm.click();
    await page.getByText("The credits of bob@example.com are free to spend again.").waitFor();
    expect(acts).toEqual(["POST /web/admin/users/u2/freeze"]);
  });

  it("is told of books that do not add up", async () => {
    await using opened = await site.open("admin", "/admin");
    const alert = opened.page.getByRole("alert").filter({ hasText: "Books that do not add up" });
    expect(await alert.innerText()).toContain("its ledger adds up to");
  });
});
