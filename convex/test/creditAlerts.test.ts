import { API_PATHS, CreditAlert, CreditAlertMail, CONTROL_PATHS } from "@oa/contract";
import { describe, expect, it, vi } from "vitest";
import { api, internal } from "../_generated/api.js";
import { type Customer, customer, PATHS, settle } from "./credits.testing.ts";
import { type Answer, result, standInApi } from "./reconciler.testing.ts";
import { windowAt } from "../lib/spendWindows.ts";

const KEY = "00112233445566aa";
const ADMINS_PAGE = { paginationOpts: { numItems: 10, cursor: null } };

async function evaluate(ada: Customer, ...key_ids: string[]): Promise<void> {
  await ada.t.mutation(internal.alerts.evaluate, { user_id: ada.id, key_ids });
  await settle(ada.t);
}

async function titles(ada: Customer): Promise<string[]> {
  return (await ada.alerts()).map(({ title }) => title);
}

describe("a balance that runs low", () => {
  it("is told of once, however many calls follow, and again only after credit", async () => {
    const ada = await customer();
    await ada.call({ hold: "hold-0000-000000001", cost: 3_900_000 });
    await settle(ada.t);
    expect(await titles(ada)).toEqual([]);
    await ada.call({ hold: "hold-0000-000000002", cost: 200_000 });
    await settle(ada.t);
    await ada.call({ hold: "hold-0000-000000003", cost: 200_000 });
    await evaluate(ada);
    const [alert] = await ada.alerts();
    expect(alert).toMatchObject({ kind: "low_balance", title: "Your credits are running low" });
    expect(alert?.message).toContain("$0.90");
    expect(await titles(ada)).toHaveLength(1);
    await ada.post("topup", 1);
    await ada.call({ hold: "hold-0000-000000004", cost: 1_650_000 });
    await settle(ada.t);
    expect(await titles(ada)).toHaveLength(2);
  });

  it("is noticed by the roll-up after settlements, too, and a hold alone is no spending", async () => {
    const ada = await customer();
    await ada.patchAccount({ held_microusd: 4_999_999 });
    await evaluate(ada);
    expect(await titles(ada)).toEqual([]);
    await ada.call({ hold: "hold-0000-000000001", cost: 0 });
    await ada.patchAccount({ held_microusd: 0, posted_microusd: 4000 });
    await ada.t.mutation(internal.usageRollup.rollUp, { before: Date.now() + 1000 });
    await settle(ada.t);
    expect(await titles(ada)).toEqual(["Your credits are used up"]);
  });

  it("is low below what the operator says", async () => {
    vi.stubEnv("LOW_BALANCE_USD", "0");
    const ada = await customer();
    await ada.call({ hold: "hold-0000-000000001", cost: 4_999_999 });
    await evaluate(ada);
    expect(await titles(ada)).toEqual([]);
  });
});

describe("a key that nears its limit", () => {
  it("is told of at 50, 80 and 100 percent, each once", async () => {
    const ada = await customer();
    await ada.key(KEY, 1_000_000, "daily");
    const { id } = windowAt("daily", Date.now());
    const levels: (number | null)[][] = [];
    for (const spent of [499_999, 500_000, 700_000, 800_000, 999_999, 1_000_000, 1_200_000]) {
      await ada.window(KEY, id, spent);
      await evaluate(ada, KEY);
      levels.push((await ada.alerts()).map(({ level }) => level));
    }
    expect(levels).toEqual([[], [50], [50], [50, 80], [50, 80], [50, 80, 100], [50, 80, 100]]);
  });

  it("that jumps past two levels is told of the higher one only", async () => {
    const ada = await customer();
    await ada.key(KEY, 1_000_000);
    await ada.window(KEY, "all", 850_000);
    await evaluate(ada, KEY);
    await evaluate(ada, KEY);
    expect(await ada.alerts()).toMatchObject([{ kind: "key_budget", level: 80, key_id: KEY }]);
  });

  it("begins anew with its next window", async () => {
    const ada = await customer();
    await ada.key(KEY, 1_000_000, "daily");
    await ada.window(KEY, windowAt("daily", Date.now()).id, 1_000_000);
    await evaluate(ada, KEY);
    const tomorrow = Date.now() + 24 * 60 * 60 * 1000;
    await ada.window(KEY, windowAt("daily", tomorrow).id, 600_000);
    vi.useFakeTimers({ now: tomorrow, toFake: ["Date"] });
    try {
      await ada.t.mutation(internal.alerts.evaluate, { user_id: ada.id, key_ids: [KEY] });
    } finally {
      vi.useRealTimers();
    }
    expect((await ada.alerts()).map(({ level }) => level)).toEqual([100, 50]);
  });

  it("without a limit, with one of nothing, or revoked is nothing to tell", async () => {
    const ada = await customer();
    await ada.key(KEY, null);
    await ada.key("ff112233445566aa", 0);
    await ada.window(KEY, "all", 4_000_000);
    await evaluate(ada, KEY, "ff112233445566aa", "no-such-key");
    expect(await titles(ada)).toEqual([]);
  });
});

describe("the list of alerts", () => {
  it("shows its owner's own, what was not put away first; putting away is for its owner", async () => {
    const ada = await customer();
    const bob = await customer("bob@example.com", ada.t);
    await ada.key(KEY, 1_000_000);
    await ada.window(KEY, "all", 500_000);
    await evaluate(ada, KEY);
    await ada.window(KEY, "all", 800_000);
    await evaluate(ada, KEY);
    const list = async (who: Customer) =>
      (await who.page.query(api.alerts.mine, {})).map((alert) => CreditAlert.strict().parse(alert));
    const [newest, oldest] = await list(ada);
    expect([newest?.level, oldest?.level]).toEqual([80, 50]);
    expect(await list(bob)).toEqual([]);
    const put = (user: string, alert_id = newest?.alert_id ?? "") => ({ user, body: { alert_id } });
    expect(await ada.control.refusal(PATHS.alertSeen, put(bob.id))).toMatchObject({ status: 404 });
    expect(await ada.control.refusal(PATHS.alertSeen, put(ada.id, "nonsense"))).toMatchObject({ status: 404 });
    expect((await ada.control.send(PATHS.alertSeen, put(ada.id))).status).toBe(200);
    expect((await list(ada)).map(({ level, seen_at }) => [level, seen_at !== null])).toEqual([
      [50, false],
      [80, true],
    ]);
  });

  it("of what does not add up is for administrators", async () => {
    const ada = await customer();
    vi.stubEnv("ADMIN_EMAILS", "root@example.com");
    const root = await customer("root@example.com", ada.t);
    await root.verify();
    await ada.t.mutation(internal.reconciliation.conclude, {
      user_id: ada.id,
      proven: { seq: 1, sum_microusd: 5_000_000 },
      findings: ["the account has 1 posted, its ledger adds up to 5"],
    });
    expect(await ada.page.query(api.alerts.mine, {})).toEqual([]);
    await expect(ada.page.query(api.alerts.forAdmins, ADMINS_PAGE)).rejects.toThrow(/administrators/);
    const { page } = await root.page.query(api.alerts.forAdmins, ADMINS_PAGE);
    expect(page).toMatchObject([{ user_id: ada.id, alert: { kind: "ledger_mismatch" } }]);
    expect(page[0]?.alert.message).toContain("adds up to 5");
  });
});

describe("mails of alerts", () => {
  /** Ada, verified, with a Worker that answers what the test says. */
  async function mailed(answer: () => Answer) {
    const worker = await standInApi(answer);
    const ada = await customer();
    await ada.verify();
    const mails = () =>
      worker.calls
        .filter(({ path }) => path === API_PATHS.creditAlertMail)
        .map(({ body }) => CreditAlertMail.parse(body));
    const low = async () => {
      await ada.call({ hold: "hold-0000-000000001", cost: 4_500_000 });
      await settle(ada.t);
    };
    /** As if the time of the next attempt had come. */
    const later = async () => {
      await ada.t.run(async (ctx) => {
        for (const row of await ctx.db.query("credit_alerts").collect()) {
          await ctx.db.patch("credit_alerts", row._id, { mail_due_at: 0 });
        }
      });
      await ada.t.mutation(internal.alertMail.sweep, {});
      await settle(ada.t);
    };
    return { ada, mails, low, later };
  }

  it("go to the owner's verified address, once", async () => {
    const { ada, mails, low, later } = await mailed(() => result({ accepted: true }));
    await low();
    await later();
    expect(mails()).toMatchObject([{ to: "ada@example.com", subject: "Your credits are running low" }]);
    expect(mails()[0]?.alert_id).toBe((await ada.alerts())[0]?._id);
    expect(await ada.alerts()).toMatchObject([{ mail: "sent", mail_attempts: 1 }]);
  });

  it("are tried three times where they are not taken, under the same id, and then given up", async () => {
    const { ada, mails, low, later } = await mailed(() => ({
      status: 502,
      body: { ok: false, error: { code: "provider_unreachable", message: "no" } },
    }));
    await low();
    await ada.t.mutation(internal.alertMail.sweep, {});
    await settle(ada.t);
    expect(mails()).toHaveLength(1);
    for (let round = 0; round < 4; round += 1) await later();
    expect(new Set(mails().map(({ alert_id }) => alert_id)).size).toBe(1);
    expect(mails()).toHaveLength(3);
    expect(await ada.alerts()).toMatchObject([{ mail: "failed" }]);
  });

  it("are sent again where the process died before it heard the answer", async () => {
    const { ada, mails, low, later } = await mailed(
      (() => {
        let calls = 0;
        return () => (calls++ === 0 ? (response) => response.destroy() : result({ accepted: true }));
      })(),
    );
    await low();
    await later();
    expect(mails()).toHaveLength(2);
    expect(await ada.alerts()).toMatchObject([{ mail: "sent", mail_attempts: 2 }]);
  });

  it("are not sent to an address nobody has proved, nor where there is no sender; the alert stands", async () => {
    const { ada, mails, low } = await mailed(() => result({ accepted: false }));
    await low();
    expect(await ada.alerts()).toMatchObject([{ mail: "none" }]);
    const bob = await customer("bob@example.com", ada.t);
    await bob.call({ hold: "hold-0000-000000002", cost: 4_500_000 });
    await settle(bob.t);
    expect(mails().map(({ to }) => to)).toEqual(["ada@example.com"]);
    expect(await bob.alerts()).toMatchObject([{ kind: "low_balance", mail: "none" }]);
  });
});

it("a burn by the seed's endpoint is noticed like any call", async () => {
  const ada = await customer();
  const body = { amount_usd: 4.5, idempotency_key: "burn-0001" };
  expect((await ada.control.send(CONTROL_PATHS.creditsBurn, { user: ada.id, body })).status).toBe(200);
  await settle(ada.t);
  expect(await titles(ada)).toEqual(["Your credits are running low"]);
});
