import {
  AdjustCredits,
  AlertSeen,
  ApiError,
  CREDIT_CONTROL_PATHS,
  CreateKey,
  EXPORT_PAGE_ROWS,
  ExportPageQuery,
  FreezeCredits,
  InstanceKey,
  KEY_CONTROL_PATHS,
  KeyAct,
  LedgerEntry,
  ProvisionedKey,
  ResolveKey,
  RotateProvisionedKey,
  UpdateKey,
  UsageEvent,
} from "@oa/contract";
import type * as z from "zod";
import type { Asked } from "./convexDouble.ts";

/** A key as Convex stores it. */
interface StoredKey {
  user_id: string;
  secret_hash: string;
  graced_hash: string | null;
  key: ProvisionedKey;
}

/** What the double of keys, credits and usage remembers. */
export interface CreditsState {
  keys: StoredKey[];
  /** Rows everyone's ledger and list of calls have; made as they are asked for. */
  rows: number;
  /** Queries of the pages of exports and lists, in order. */
  pages: string[];
  standing: { held_microusd: number; status: "active" | "frozen" | "closed" };
  adjusted: (z.infer<typeof AdjustCredits> & { user_id: string })[];
  frozen: (z.infer<typeof FreezeCredits> & { user_id: string })[];
  alertsSeen: string[];
}

export function emptyCredits(): CreditsState {
  return {
    keys: [],
    rows: 3,
    pages: [],
    standing: { held_microusd: 0, status: "active" },
    adjusted: [],
    frozen: [],
    alertsSeen: [],
  };
}

type Handlers = Record<string, (state: CreditsState, asked: Asked, user: () => string) => unknown>;

const { keys, key, keyRotate, keyResolve, keyInstance } = KEY_CONTROL_PATHS;
const credits = CREDIT_CONTROL_PATHS;

/** Enough of `/control/keys/*`, `/control/credits/*` and `/control/usage/*`, without their rules about money. */
export const CREDIT_HANDLERS: Handlers = {
  [`GET ${keys}`]: (state, asked, user) => {
    const all = asked.url.searchParams.get("include_revoked") === "true";
    const own = state.keys.filter((stored) => stored.user_id === user());
    return { keys: own.map(({ key }) => key).filter((key) => all || key.revoked_at === null) };
  },
  [`POST ${keys}`]: (state, asked, user) => {
    const { secret_hash, ...fields } = CreateKey.parse(asked.body);
    const living = state.keys.filter((stored) => stored.user_id === user() && stored.key.revoked_at === null);
    if (living.some(({ key }) => key.name === fields.name)) throw new ApiError("taken", "A key has this name already.");
    const made = freshKey(fields);
    state.keys.push({ user_id: user(), secret_hash, graced_hash: null, key: made });
    return { key: made };
  },
  [`GET ${key}`]: (state, asked, user) => {
    const { key } = keyOf(state, user(), asked.url.searchParams.get("hash") ?? "");
    return { key: { ...key, model_usage: [{ model: "gpt-5", requests: 2, tokens: 1514, cost_microusd: 4275 }] } };
  },
  [`POST ${key}`]: (state, asked, user) => {
    const { hash, ...change } = UpdateKey.parse(asked.body);
    const stored = living(state, user(), hash);
    Object.assign(stored.key, change);
    return { key: stored.key };
  },
  [`DELETE ${key}`]: (state, asked, user) => {
    const stored = living(state, user(), KeyAct.parse(asked.body).hash);
    stored.key.revoked_at = Date.now();
    return { key: stored.key };
  },
  [`POST ${keyRotate}`]: (state, asked, user) => {
    const { hash, next_hash, next_prefix, grace_s } = RotateProvisionedKey.parse(asked.body);
    const stored = living(state, user(), hash);
    if (stored.key.instance_id !== null) throw new ApiError("conflict", "This key is rotated with its OpenClaw.");
    stored.graced_hash = grace_s === 0 ? null : stored.secret_hash;
    stored.secret_hash = next_hash;
    Object.assign(stored.key, { prefix: next_prefix, rotated_at: Date.now() });
    return { key: stored.key };
  },
  [`POST ${keyInstance}`]: (state, asked, user) => {
    const { instance_id, hash, secret_hash, prefix } = InstanceKey.parse(asked.body);
    const before = state.keys.find((stored) => stored.key.instance_id === instance_id);
    if (before === undefined) {
      const fields = { hash, prefix, name: "Hosted OpenClaw", credit_limit_microusd: null, limit_reset: null };
      const made = { ...freshKey({ ...fields, expires_at: null }), instance_id };
      state.keys.push({ user_id: user(), secret_hash, graced_hash: null, key: made });
      return { key: made };
    }
    if (before.secret_hash !== secret_hash) {
      before.graced_hash = before.secret_hash;
      before.secret_hash = secret_hash;
      Object.assign(before.key, { prefix, rotated_at: Date.now() });
    }
    return { key: before.key };
  },
  [`POST ${keyResolve}`]: (state, asked) => {
    const { secret_hash } = ResolveKey.parse(asked.body);
    const stored = state.keys.find(
      (stored) => stored.secret_hash === secret_hash || stored.graced_hash === secret_hash,
    );
    if (stored === undefined) return { key: null };
    const { hash, instance_id, revoked_at, disabled } = stored.key;
    const resolved = revoked_at !== null ? "revoked" : disabled ? "disabled" : "active";
    return { key: { hash, user_id: stored.user_id, instance_id, state: resolved } };
  },

  [`GET ${credits.creditsStanding}`]: (state, _asked, user) => ({
    status: state.standing.status,
    posted_microusd: 4_995_725,
    held_microusd: state.standing.held_microusd,
    available_microusd: 4_995_725 - state.standing.held_microusd,
    lifetime_credit_microusd: 5_000_000,
    lifetime_debit_microusd: 4275,
    keys_count: state.keys.filter(({ user_id, key }) => user_id === user() && key.revoked_at === null).length,
  }),
  [`GET ${credits.creditsHistory}`]: (state, asked) => {
    const { limit, offset } = noted(state, asked);
    return { entries: rowsOf(state.rows - offset, limit, ledgerRow).toReversed(), total: state.rows };
  },
  [`GET ${credits.creditsExport}`]: (state, asked) => {
    const { rows, cursor } = exported(state, asked, ledgerRow);
    return { entries: rows, cursor };
  },
  [`GET ${credits.usageEvents}`]: (state, asked) => {
    if (asked.url.searchParams.has("limit")) {
      const { limit, offset } = noted(state, asked);
      return { events: rowsOf(state.rows - offset, limit, usageRow).toReversed(), total: state.rows };
    }
    const { rows, cursor } = exported(state, asked, usageRow);
    return { events: rows, cursor };
  },
  [`GET ${credits.usageSummary}`]: (state, asked) => {
    const query = Object.fromEntries(asked.url.searchParams);
    state.pages.push(asked.url.search);
    const sums = { requests: 2, input_tokens: 1204, cached_tokens: 0, output_tokens: 310, cost_microusd: 4275 };
    const items = [{ group: query["to"] ?? "", label: query["to"] ?? "", ...sums }];
    return { from: query["from"], to: query["to"], items, total: sums };
  },
  [`POST ${credits.creditsAdjust}`]: (state, asked, user) => {
    const posting = AdjustCredits.parse(asked.body);
    const replayed = state.adjusted.some(({ idempotency_key }) => idempotency_key === posting.idempotency_key);
    if (!replayed) state.adjusted.push({ ...posting, user_id: user() });
    return {
      user_id: user(),
      kind: posting.amount_microusd > 0 ? "admin_credit" : "admin_debit",
      amount_usd: posting.amount_microusd / 1_000_000,
      amount_microusd: posting.amount_microusd,
      balance_after_microusd: 5_000_000 + posting.amount_microusd,
      created_at: Date.now(),
      replayed,
    };
  },
  [`POST ${credits.creditsFreeze}`]: (state, asked, user) => {
    state.frozen.push({ ...FreezeCredits.parse(asked.body), user_id: user() });
    return { done: true };
  },
  [`POST ${credits.alertSeen}`]: (state, asked) => {
    const { alert_id } = AlertSeen.parse(asked.body);
    if (alert_id !== "alert1") throw new ApiError("not_found", "There is no such alert.");
    state.alertsSeen.push(alert_id);
    return { done: true };
  },
};

function freshKey(fields: Omit<z.infer<typeof CreateKey>, "secret_hash">): ProvisionedKey {
  return ProvisionedKey.parse({
    ...fields,
    instance_id: null,
    disabled: false,
    created_at: Date.now(),
    last_used_at: null,
    rotated_at: null,
    revoked_at: null,
    usage_microusd: 4275,
    usage_daily_microusd: 4275,
    usage_weekly_microusd: 4275,
    usage_monthly_microusd: 4275,
    usage_day: "2026-11-21",
    held_microusd: 0,
    requests_count: 2,
    resets_at: null,
  });
}

/** Unknown and foreign hashes answer alike. */
function keyOf(state: CreditsState, user: string, hash: string): StoredKey {
  const stored = state.keys.find((stored) => stored.user_id === user && stored.key.hash === hash);
  if (stored === undefined) throw new ApiError("not_found", "You have no such key.");
  return stored;
}

function living(state: CreditsState, user: string, hash: string): StoredKey {
  const stored = keyOf(state, user, hash);
  if (stored.key.revoked_at !== null) throw new ApiError("expired", "This key was revoked.");
  return stored;
}

function noted(state: CreditsState, asked: Asked): { limit: number; offset: number } {
  state.pages.push(asked.url.search);
  const number = (name: string) => Number(asked.url.searchParams.get(name));
  return { limit: number("limit"), offset: number("offset") };
}

function exported<Row>(state: CreditsState, asked: Asked, row: (seq: number) => Row) {
  state.pages.push(asked.url.search);
  const { cursor } = ExportPageQuery.parse(Object.fromEntries(asked.url.searchParams));
  const last = Math.min(Number(cursor ?? 0) + EXPORT_PAGE_ROWS, state.rows);
  return { rows: rowsOf(last, last - Number(cursor ?? 0), row), cursor: last < state.rows ? String(last) : null };
}

/** The `count` rows that end with the `last`th, in order. */
function rowsOf<Row>(last: number, count: number, row: (seq: number) => Row): Row[] {
  const first = Math.max(1, last - count + 1);
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, index) => row(first + index));
}

function ledgerRow(seq: number): LedgerEntry {
  return LedgerEntry.parse({
    seq,
    kind: seq === 1 ? "signup_grant" : "usage",
    type: seq === 1 ? "grant" : "usage",
    amount_microusd: seq === 1 ? 5_000_000 : -4275,
    balance_after_microusd: 5_000_000 - (seq - 1) * 4275,
    description: seq === 1 ? "Sign-up grant" : seq === 2 ? '=HYPERLINK("x"), 1,204 in' : `gpt-5, call ${seq}`,
    hold_id: seq === 1 ? null : `hold-of-a-call-${String(seq).padStart(6, "0")}`,
    created_at: seq * 1000,
  });
}

function usageRow(seq: number): UsageEvent {
  const cache = { cache_read: 4, cache_write_5m: 0, cache_write_1h: 0 };
  return UsageEvent.parse({
    hold_id: `hold-of-a-call-${String(seq).padStart(6, "0")}`,
    endpoint: "chat",
    model: "gpt-5",
    key: seq % 2 === 0 ? { hash: "0123456789abcdef", name: "-my-app" } : null,
    usage: { input: 1204, output: 310, reasoning: 10, ...cache },
    usage_source: "upstream",
    outcome: "completed",
    cost_microusd: 4275,
    held_microusd: 10_000,
    price_version: "v1",
    latency_ms: 900,
    first_byte_ms: null,
    created_at: seq * 1000,
  });
}
