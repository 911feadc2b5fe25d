import { ACCOUNT_CONTROL_PATHS as PATHS, AccountNotice, API_PATHS } from "@oa/contract";
import { describe, expect, it } from "vitest";
import { internal } from "../_generated/api.js";
import { settle } from "./credits.testing.ts";
import { CLIENT, HASH, hashOf, People } from "./people.testing.ts";
import { type Answer, result, standInApi } from "./reconciler.testing.ts";
import { setupTest } from "./setup.testing.ts";

/** People, and the notices that a Worker was asked to mail; it answers what the test says. */
async function mailing(answer: () => Answer = () => result({ accepted: true })) {
  const worker = await standInApi(answer);
  const t = setupTest();
  const people = new People(t);
  const notices = async () => {
    await settle(t);
    return worker.calls
      .filter(({ path }) => path === API_PATHS.accountNoticeMail)
      .map(({ body }) => AccountNotice.parse(body));
  };
  /** As if the time of the next attempt had come. */
  const later = async () => {
    await t.run(async (ctx) => {
      for (const row of await ctx.db.query("auth_events").collect())
        if (row.notice_due_at !== undefined) await ctx.db.patch("auth_events", row._id, { notice_due_at: 0 });
    });
    await t.mutation(internal.accountNotices.sweep, {});
  };
  return { t, people, notices, later };
}

describe("whoever changes the ways into an account", () => {
  it("is told of to its owner by mail: a provider's account linked and unlinked, from where and with what", async () => {
    const { t, people, notices } = await mailing();
    const user = await people.signUp("ada@example.com");
    await people.provider("1", "mallory@example.com", user);
    const identity_id = await t.run(async (ctx) => (await ctx.db.query("identities").unique())?._id ?? "");
    expect(await notices()).toMatchObject([
      {
        to: "ada@example.com",
        type: "identity_linked",
        provider: "github",
        device: "openclaw-token",
        ip: CLIENT.ip,
      },
    ]);
    await people.control.send(PATHS.oauthIdentity, { method: "DELETE", user, body: { identity_id, client: CLIENT } });
    expect((await notices()).map(({ type }) => type)).toEqual(["identity_linked", "identity_unlinked"]);
  });

  it("is told of for a new password, by the old one and by link, and for a key of a terminal", async () => {
    const { people, notices } = await mailing();
    const user = await people.signUp("ada@example.com");
    await people.terminal(user, "key");
    const session = { session_hash: hashOf("new"), ip: null, user_agent: null };
    const change = { password_hash: `${HASH}2`, replaces: HASH, asked_by: hashOf("ada@example.com"), session };
    expect((await people.control.send(PATHS.accountPassword, { user, body: change })).status).toBe(200);
    const ticket_hash = hashOf("link");
    await people.control.send(PATHS.accountResetStart, {
      body: { email: "ada@example.com", ticket_hash, client: CLIENT },
    });
    const body = { ticket_hash, password_hash: `${HASH}3`, client: CLIENT };
    expect((await people.control.send(PATHS.accountReset, { body })).status).toBe(200);
    expect((await notices()).map(({ type }) => type).toSorted()).toEqual([
      "password_changed",
      "password_reset",
      "terminal_connected",
    ]);
  });

  it("is told of to the owner of the address who takes over an account that was opened with it", async () => {
    const { people, notices } = await mailing();
    await people.signUp("ada@example.com");
    await people.provider("1", "ada@example.com");
    expect(await notices()).toMatchObject([{ to: "ada@example.com", type: "identity_linked" }]);
  });

  it("is not told of for what opens nothing new: a sign-up, a sign-in, an editor", async () => {
    const { people, notices } = await mailing();
    await people.provider("1", "ada@example.com");
    await people.provider("1", "ada@example.com");
    await people.editor(await people.signUp("bob@example.com"), "r0");
    expect(await notices()).toEqual([]);
  });
});

describe("a notice that is not taken", () => {
  it("is tried three times under the same id, and then given up", async () => {
    const refusal = { ok: false, error: { code: "provider_unreachable", message: "no" } };
    const { people, notices, later } = await mailing(() => ({ status: 502, body: refusal }));
    await people.provider("1", "mallory@example.com", await people.signUp("ada@example.com"));
    for (let round = 0; round < 5; round += 1) {
      await notices();
      await later();
    }
    const asked = await notices();
    expect(asked).toHaveLength(3);
    expect(new Set(asked.map(({ event_id }) => event_id)).size).toBe(1);
  });

  it("is sent once where it was taken, and not again by the sweep; where nobody sends mail it rests", async () => {
    for (const accepted of [true, false]) {
      const { people, notices, later } = await mailing(() => result({ accepted }));
      await people.provider("1", "mallory@example.com", await people.signUp("ada@example.com"));
      await notices();
      await later();
      expect(await notices()).toHaveLength(1);
    }
  });
});
