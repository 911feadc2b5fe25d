import {
  ACCOUNT_PATHS,
  ADMIN_PATHS,
  API_PATHS,
  CliMe,
  EDITOR_PATHS,
  EditorMe,
  EditorOpenResult,
  EditorTokens,
  InstanceAccepted,
  OAUTH_PATHS,
  SignInList,
} from "@oa/contract";
import { setTimeout as sleep } from "node:timers/promises";
import * as z from "zod";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { liveQuery } from "./support/liveQuery.ts";
import { startTestStack, type TestStack } from "./support/stack.ts";
import { mailedTokens, PASSWORD, program, type Reply, Visitor } from "./support/visitor.ts";

const ADMIN = "admin@example.com";

let stack: TestStack;
beforeAll(async () => {
  stack = await startTestStack({ ADMIN_EMAILS: ADMIN });
});
afterAll(() => stack.dispose());

const post = (path: string, body?: unknown, token?: string) =>
  program(stack, "POST", path, { ...(body !== undefined && { body }), ...(token !== undefined && { token }) });
const get = (path: string, token?: string) => program(stack, "GET", path, token === undefined ? {} : { token });

const Key = z.object({ data: z.looseObject({ management_key: z.string(), user_id: z.string() }) });
const keyOf = (reply: Reply) => Key.parse(reply.json()).data.management_key;
const tokensOf = (reply: Reply) => EditorTokens.parse(reply.json());

let people = 0;
/** An address nobody has used. */
const someone = () => `person${(people += 1)}@example.com`;

/** Waits for what is promised to happen within a time. */
async function within(ms: number, holds: () => boolean | Promise<boolean>): Promise<number> {
  const from = performance.now();
  while (!(await holds())) {
    if (performance.now() - from > ms) throw new Error(`not within ${ms} ms`);
    await sleep(50);
  }
  return performance.now() - from;
}

describe("one person, three doors", () => {
  it("browser, editor and terminal show the same user and the same balance", async () => {
    const email = someone();
    const browser = new Visitor(stack);
    const userId = await browser.signUp(email);
    const { token } = tokensOf(await post(EDITOR_PATHS.logIn, { email, password: PASSWORD }));
    const key = keyOf(await post("/v1/auth/login", { email, password: PASSWORD }));
    const summary = await browser.send("GET", API_PATHS.billingSummary);
    const me = EditorMe.parse((await get(EDITOR_PATHS.me, token)).json());
    const cli = z.object({ data: CliMe }).parse((await get("/auth/me", key)).json()).data;
    expect([me.id, cli.user_id]).toEqual([userId, userId]);
    expect([me.balance_usd, me.lifetime_usd, cli.credits_remaining]).toEqual([5, 5, 5]);
    expect(summary.json()).toMatchObject({ data: { balance_usd: 5 } });
    const balance = await get(EDITOR_PATHS.balance, token);
    expect(balance.json()).toEqual({ balance_usd: 5, cap_usd: 5, currency: "USD" });
    const again = await program(stack, "GET", EDITOR_PATHS.balance, {
      token,
      headers: { "if-none-match": balance.headers.get("etag") ?? "" },
    });
    expect([again.status, again.text]).toEqual([304, ""]);
    const { sign_ins } = await browser.data(SignInList, "GET", ACCOUNT_PATHS.webSignIns);
    expect(sign_ins.map(({ kind, device, current }) => `${kind}, ${device}, ${current}`).toSorted()).toEqual([
      "browser, Firefox on macOS, true",
      "editor, openclaw-token, false",
      "terminal, openclaw-token, false",
    ]);
  });

  it("signing out everywhere ends a live query, a JWT, a refresh token and a management key", async () => {
    const email = someone();
    const browser = new Visitor(stack);
    const other = new Visitor(stack);
    await browser.signUp(email);
    await other.signIn(email);
    const editor = tokensOf(await post(EDITOR_PATHS.logIn, { email, password: PASSWORD }));
    const key = keyOf(await post("/auth/login", { email, password: PASSWORD }));
    const live = await liveQuery(stack, other, "accounts:mine");
    try {
      expect(live.value()).toMatchObject({ user: { email }, has_password: true, is_admin: false });
      await browser.send("POST", ACCOUNT_PATHS.webSignOutEverywhere);
      await within(10_000, () => live.ended() === "unauthorized");
      await within(60_000, async () => (await get(EDITOR_PATHS.me, editor.token)).status === 401);
    } finally {
      await live.close();
    }
    expect((await post(EDITOR_PATHS.refresh, { refresh_token: editor.refresh_token })).status).toBe(401);
    expect((await get("/v1/auth/me", key)).status).toBe(401);
    expect([await browser.whoAmI(), await other.whoAmI()]).toEqual([null, null]);
    expect((await browser.signIn(email)).status).toBe(200);
  });

  it("ending one browser ends its live query at once, and no other", async () => {
    const email = someone();
    const browser = new Visitor(stack);
    const lost = new Visitor(stack);
    await browser.signUp(email);
    await lost.signIn(email);
    const mine = await liveQuery(stack, browser, "sessions:mySignIns");
    const theirs = await liveQuery(stack, lost, "accounts:mine");
    try {
      const { sign_ins } = await browser.data(SignInList, "GET", ACCOUNT_PATHS.webSignIns);
      const target = sign_ins.find(({ current }) => !current)?.sign_in_id ?? "";
      const stranger = new Visitor(stack);
      await stranger.signUp(someone());
      const path = ACCOUNT_PATHS.webSignIn.replace("{signInId}", target);
      expect((await stranger.send("DELETE", path)).status).toBe(404);
      expect((await browser.send("DELETE", path)).status).toBe(200);
      await within(10_000, () => theirs.ended() === "unauthorized");
      await within(10_000, () => SignInList.shape.sign_ins.parse(mine.value()).length === 1);
      expect(mine.ended()).toBeNull();
    } finally {
      await Promise.all([mine.close(), theirs.close()]);
    }
    expect(await lost.whoAmI()).toBeNull();
  });
});

describe("refresh tokens", () => {
  it("20 uses of one at once: one child lives; the old one later ends the family, JWT included", async () => {
    const { refresh_token } = tokensOf(await post(EDITOR_PATHS.signUp, { email: someone(), password: PASSWORD }));
    const uses = await Promise.all(Array.from({ length: 20 }, () => post(EDITOR_PATHS.refresh, { refresh_token })));
    expect(uses.filter(({ status }) => status === 200).length).toBeGreaterThan(0);
    // One more answer that was lost, whose child is the one that lives; then the client goes on with it.
    const lived = tokensOf(await post(EDITOR_PATHS.refresh, { refresh_token }));
    const next = tokensOf(await post(EDITOR_PATHS.refresh, { refresh_token: lived.refresh_token }));
    expect((await get(EDITOR_PATHS.me, next.token)).status).toBe(200);
    expect((await post(EDITOR_PATHS.refresh, { refresh_token })).status).toBe(401);
    expect((await post(EDITOR_PATHS.refresh, { refresh_token: next.refresh_token })).status).toBe(401);
    expect((await get(EDITOR_PATHS.me, next.token)).status).toBe(401);
  });

  it("the JWT of the seed's redirect can be exchanged, once", async () => {
    const browser = new Visitor(stack);
    const userId = await browser.signUp(someone());
    const opened = await browser.data(EditorOpenResult, "POST", ACCOUNT_PATHS.webEditorOpen, { state: "a b&c" });
    const redirect = new URL(opened.redirect);
    expect([redirect.protocol, redirect.host]).toEqual(["occ-editor:", "auth"]);
    expect(Object.fromEntries(redirect.searchParams)).toEqual({ token: opened.token, balance: "5.00", state: "a b&c" });
    expect((await get(EDITOR_PATHS.me, opened.token)).json()).toMatchObject({ id: userId });
    const first = tokensOf(await post(EDITOR_PATHS.refresh, undefined, opened.token));
    tokensOf(await post(EDITOR_PATHS.refresh, { refresh_token: first.refresh_token }));
    expect((await post(EDITOR_PATHS.refresh, undefined, opened.token)).status).toBe(401);
  });

  it("signing an editor out ends its token at once", async () => {
    const { token, refresh_token } = tokensOf(
      await post(EDITOR_PATHS.signUp, { email: someone(), password: PASSWORD }),
    );
    expect((await post(EDITOR_PATHS.logOut, undefined, token)).json()).toEqual({});
    expect((await get(EDITOR_PATHS.me, token)).status).toBe(401);
    expect((await post(EDITOR_PATHS.refresh, { refresh_token })).status).toBe(401);
  });
});

describe("GitHub and Google in the browser", () => {
  it.each(["github", "google"] as const)(
    "%s signs a new person in, and the same account the next time",
    async (provider) => {
      const choice = { email: someone(), verified: "yes" };
      const first = new Visitor(stack);
      expect(await first.signInWith(provider, choice, "?return_to=/openclaw")).toBe("/openclaw");
      const second = new Visitor(stack);
      expect(await second.signInWith(provider, choice)).toBe("/");
      const id = await first.whoAmI();
      expect(id).not.toBeNull();
      expect(await second.whoAmI()).toBe(id);
      const live = await liveQuery(stack, first, "accounts:mine");
      await live.close();
      expect(live.value()).toMatchObject({ has_password: false, identities: [{ provider, email: choice.email }] });
    },
  );

  it("ends at the editor's page when it began there", async () => {
    const browser = new Visitor(stack);
    const page = await browser.signInWith("github", { email: someone(), verified: "yes" }, "?ref=occ-editor&state=s1");
    expect(page).toBe("/editor/authorize?state=s1");
  });

  it.each(["//evil.example", "https://evil.example", "/\\evil.example", "javascript:alert(1)", "/%09/evil.example/.."])(
    "never ends elsewhere: return_to=%s",
    async (target) => {
      const browser = new Visitor(stack);
      const page = await browser.signInWith(
        "github",
        { email: someone(), verified: "yes" },
        `?return_to=${encodeURIComponent(target)}`,
      );
      expect(new URL(page, browser.site).origin).toBe(browser.site);
    },
  );

  it("links to a person whose e-mail both sides verified, and to nobody by an unverified one", async () => {
    const email = someone();
    const local = new Visitor(stack);
    const userId = await local.signUp(email);
    const [token] = await mailedTokens(stack, email, /Confirm/);
    expect((await local.send("POST", ACCOUNT_PATHS.webEmailVerify, { token })).status).toBe(200);
    const unverified = new Visitor(stack);
    expect(await unverified.signInWith("github", { email })).toBe("/sign-in?error=email_required");
    expect(await unverified.whoAmI()).toBeNull();
    const verified = new Visitor(stack);
    await verified.signInWith("github", { email, verified: "yes" });
    expect(await verified.whoAmI()).toBe(userId);
    expect(await local.whoAmI()).toBe(userId);
  });

  it("takes nothing over from whoever had signed up with an address that is not theirs (pre-hijack)", async () => {
    const email = someone();
    const attacker = new Visitor(stack);
    await attacker.signUp(email);
    await attacker.link("google", { email: someone(), verified: "yes" });
    const editor = tokensOf(await post(EDITOR_PATHS.logIn, { email, password: PASSWORD }));
    const key = keyOf(await post("/auth/login", { email, password: PASSWORD }));
    const [trap = ""] = await mailedTokens(stack, email, /Confirm/);
    const owner = new Visitor(stack);
    await owner.signInWith("github", { email, verified: "yes" });
    const id = await owner.whoAmI();
    expect(id).not.toBeNull();
    expect(await attacker.whoAmI()).toBeNull();
    expect((await attacker.signIn(email)).status).toBe(401);
    expect((await get(EDITOR_PATHS.me, editor.token)).status).toBe(401);
    expect((await post(EDITOR_PATHS.refresh, { refresh_token: editor.refresh_token })).status).toBe(401);
    expect((await get("/auth/me", key)).status).toBe(401);
    expect((await owner.send("POST", ACCOUNT_PATHS.webEmailVerify, { token: trap })).status).toBe(410);
    const live = await liveQuery(stack, owner, "accounts:mine");
    await live.close();
    expect(live.value()).toMatchObject({ has_password: false, identities: [{ provider: "github" }] });
  });

  it("a callback belongs to the browser that set out, once", async () => {
    const victim = new Visitor(stack);
    const attacker = new Visitor(stack);
    const start = await attacker.send("GET", OAUTH_PATHS.start.replace("{provider}", "github"));
    const { choose } = await import("@oa/local/doubles/testing");
    const { location } = await choose(start.headers.get("location") ?? "", { email: someone(), verified: "yes" });
    const callback = location?.href ?? "";
    expect((await victim.send("GET", callback)).headers.get("location")).toBe("/sign-in?error=expired");
    expect((await attacker.send("GET", callback)).headers.get("location")).toBe("/sign-in?error=expired");
    expect([await victim.whoAmI(), await attacker.whoAmI()]).toEqual([null, null]);
  });

  it("says when a person declined or the provider is away, and leaves the only way in alone", async () => {
    const browser = new Visitor(stack);
    expect(await browser.signInWith("google", { decision: "deny" })).toBe("/sign-in?error=access_denied");
    expect(await browser.signInWith("github", { person: "failing" })).toBe("/sign-in?error=provider_unreachable");
    const email = someone();
    await browser.signInWith("github", { email, verified: "yes" });
    const live = await liveQuery(stack, browser, "accounts:mine");
    await live.close();
    const { identities } = z.object({ identities: z.array(z.object({ identity_id: z.string() })) }).parse(live.value());
    const path = ACCOUNT_PATHS.webIdentity.replace("{identityId}", identities[0]?.identity_id ?? "");
    expect((await browser.send("DELETE", path)).status).toBe(409);
    expect((await browser.send("POST", ACCOUNT_PATHS.webPassword, { new_password: PASSWORD })).status).toBe(200);
    expect((await browser.send("DELETE", path)).status).toBe(200);
    // Their owner hears of it, should it have been somebody else.
    await mailedTokens(stack, email, /^Your password was changed$/);
    await mailedTokens(stack, email, /^A way to sign in was removed: GitHub$/);
  });
});

describe("passwords and mailed links", () => {
  it("a reset link works once, ends every way in, and the one before it is dead", async () => {
    const email = someone();
    const browser = new Visitor(stack);
    await browser.signUp(email);
    const editor = tokensOf(await post(EDITOR_PATHS.logIn, { email, password: PASSWORD }));
    const forgot = () => new Visitor(stack).send("POST", ACCOUNT_PATHS.webPasswordForgot, { email });
    await forgot();
    await mailedTokens(stack, email, /new password/);
    await forgot();
    const [newest = "", older = ""] = await mailedTokens(stack, email, /new password/, 2);
    const reset = (token: string) =>
      new Visitor(stack).send("POST", ACCOUNT_PATHS.webPasswordReset, { token, password: "Another horse battery 2" });
    expect((await reset(older)).status).toBe(410);
    expect((await reset(newest)).status).toBe(200);
    expect((await reset(newest)).status).toBe(410);
    expect(await browser.whoAmI()).toBeNull();
    expect((await get(EDITOR_PATHS.me, editor.token)).status).toBe(401);
    expect((await browser.signIn(email)).status).toBe(401);
    expect((await browser.signIn(email, "Another horse battery 2")).status).toBe(200);
  });

  it("changing it asks for the old one, keeps this browser under a new cookie, and ends the others", async () => {
    const email = someone();
    const browser = new Visitor(stack);
    const other = new Visitor(stack);
    const userId = await browser.signUp(email);
    await other.signIn(email);
    const before = browser.cookie("sid");
    const change = (current_password: string) =>
      browser.send("POST", ACCOUNT_PATHS.webPassword, { current_password, new_password: "Another horse battery 2" });
    expect((await change("wrong")).status).toBe(422);
    expect((await change(PASSWORD)).status).toBe(200);
    expect(browser.cookie("sid")).not.toBe(before);
    expect([await browser.whoAmI(), await other.whoAmI()]).toEqual([userId, null]);
  });

  it("a verification link is good in the session of its own account only", async () => {
    const email = someone();
    const owner = new Visitor(stack);
    await owner.signUp(email);
    const [token] = await mailedTokens(stack, email, /Confirm/);
    const other = new Visitor(stack);
    expect((await other.send("POST", ACCOUNT_PATHS.webEmailVerify, { token })).status).toBe(401);
    await other.signUp(someone());
    expect((await other.send("POST", ACCOUNT_PATHS.webEmailVerify, { token })).status).toBe(410);
    expect((await owner.send("POST", ACCOUNT_PATHS.webEmailVerify, { token })).status).toBe(200);
  });

  it("nobody learns who has an account, and guessing is slowed down", async () => {
    const email = someone();
    const browser = new Visitor(stack);
    await browser.signUp(email);
    const wrong = (address: string) => new Visitor(stack).signIn(address, "not the password");
    const [known, unknown] = [await wrong(email), await wrong(someone())];
    expect([known.status, known.text]).toEqual([unknown.status, unknown.text]);
    const forgot = (address: string) =>
      new Visitor(stack).send("POST", ACCOUNT_PATHS.webPasswordForgot, { email: address });
    const [mailed, silent] = [await forgot(email), await forgot(someone())];
    expect([mailed.status, mailed.text]).toEqual([silent.status, silent.text]);
    const guesses = await Promise.all(Array.from({ length: 8 }, () => wrong(email)));
    const refused = guesses.filter(({ status }) => status === 429);
    expect(refused.length).toBeGreaterThanOrEqual(3);
    expect(Number(refused[0]?.headers.get("retry-after"))).toBeGreaterThan(0);
    expect(Number(refused[0]?.headers.get("retry-after"))).toBeLessThanOrEqual(60);
    expect((await wrong(someone())).status).toBe(401);
  });

  it("a session is never the one a visitor came with (fixation)", async () => {
    const planted = "p".repeat(43);
    const browser = new Visitor(stack);
    browser.plant("sid", planted);
    await browser.signUp(someone());
    expect(browser.cookie("sid")).not.toBe(planted);
    const attacker = new Visitor(stack);
    attacker.plant("sid", planted);
    expect(await attacker.whoAmI()).toBeNull();
  });
});

describe("administrators", () => {
  it("are the addresses of ADMIN_EMAILS once verified; their acts bear their name", async () => {
    const admin = new Visitor(stack);
    const adminId = await admin.signUp(ADMIN);
    const user = new Visitor(stack);
    const userId = await user.signUp(someone());
    await user.data(InstanceAccepted, "POST", API_PATHS.instance, {});
    const stop = ADMIN_PATHS.stop.replace("{userId}", userId);
    const page = { paginationOpts: { numItems: 50, cursor: null } };
    const early = await liveQuery(stack, admin, "admin:instances", page);
    await early.close();
    expect(early.ended()).toBe("forbidden");
    expect((await admin.send("POST", stop)).status).toBe(403);
    expect((await user.send("POST", stop)).status).toBe(403);

    const [token] = await mailedTokens(stack, ADMIN, /Confirm/);
    await admin.send("POST", ACCOUNT_PATHS.webEmailVerify, { token });
    const instances = await liveQuery(stack, admin, "admin:instances", page);
    const users = await liveQuery(stack, admin, "admin:users", page);
    const log = await liveQuery(stack, user, "audit:myEvents", page);
    try {
      expect(instances.value()).toMatchObject({ page: [{ user_id: userId, desired: "running" }] });
      expect(z.object({ page: z.array(z.object({ email: z.string() })) }).parse(users.value()).page).toContainEqual({
        email: ADMIN,
      });
      const { instance } = await admin.data(InstanceAccepted, "POST", stop);
      expect(instance).toMatchObject({ desired: "stopped" });
      await within(10_000, () => JSON.stringify(log.value()).includes("admin.instance.stop"));
      expect((await admin.send("POST", ADMIN_PATHS.stop.replace("{userId}", adminId))).status).toBe(404);
      expect((await admin.send("DELETE", ADMIN_PATHS.instance.replace("{userId}", userId))).status).toBe(202);
    } finally {
      await Promise.all([instances.close(), users.close(), log.close()]);
    }
  });
});
