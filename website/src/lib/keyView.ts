import type { LimitReset, ProvisionedKey } from "@oa/contract/keys";
import { formatUsd, type MicroUsd, microUsd } from "@oa/contract/money";
import { spentNow } from "./keyWindows.ts";

/** How a key stands; `spent`: its limit is used up until it begins anew. */
export type KeyState = "active" | "spent" | "disabled" | "expired" | "revoked";

export const KEY_STATES: Readonly<Record<KeyState, { word: string; color: string }>> = {
  active: { word: "Active", color: "green" },
  spent: { word: "Limit reached", color: "orange" },
  disabled: { word: "Off", color: "gray" },
  expired: { word: "Expired", color: "orange" },
  revoked: { word: "Revoked", color: "gray" },
};

export function keyState(key: ProvisionedKey, now: number): KeyState {
  if (key.revoked_at !== null) return "revoked";
  if (key.expires_at !== null && key.expires_at <= now) return "expired";
  if (key.disabled) return "disabled";
  const use = limitUse(key, now);
  return use !== null && use.left <= 0 ? "spent" : "active";
}

/** A key's limit: how much of it is gone, with what is held for calls under way. */
export interface LimitUse {
  used: MicroUsd;
  limit: MicroUsd;
  /** Never below zero. */
  left: MicroUsd;
  /** 0 to 100. */
  percent: number;
}

/** Null where the key has no limit. */
export function limitUse(key: ProvisionedKey, now: number): LimitUse | null {
  const limit = key.credit_limit_microusd;
  if (limit === null) return null;
  const spent = key.limit_reset === null ? key.usage_microusd : spentNow(key, key.limit_reset, now);
  const used = microUsd(spent + key.held_microusd);
  return {
    used,
    limit,
    left: microUsd(Math.max(0, limit - used)),
    percent: limit === 0 ? 100 : Math.min(100, (used / limit) * 100),
  };
}

const A_WINDOW: Readonly<Record<LimitReset, string>> = { daily: "a day", weekly: "a week", monthly: "a month" };

/** "$0.42 of $1.00 a day", "$3.10 of $20.00 in all", "No limit of its own". */
export function limitWords(key: ProvisionedKey, now: number): string {
  const use = limitUse(key, now);
  if (use === null) return "No limit of its own";
  const window = key.limit_reset === null ? "in all" : A_WINDOW[key.limit_reset];
  return `${formatUsd(use.used)} of ${formatUsd(use.limit)} ${window}`;
}

/** When limits begin anew, by the choice a person makes. */
export const RESET_WORDS: Readonly<Record<LimitReset | "never", string>> = {
  never: "Never: for the key's whole life",
  daily: "Every day, at 00:00 UTC",
  weekly: "Every Monday, at 00:00 UTC",
  monthly: "On the first of each month, at 00:00 UTC",
};

/** Where programs send calls to: the door that serves this page. */
export function apiBase(origin: string): string {
  return `${origin}/v1`;
}

/** Ready to paste. The secret comes from the environment, so that it is in no source file and no shell history. */
export function snippets(base: string, model: string) {
  const named = JSON.stringify(model);
  return {
    curl: [
      `curl ${base}/chat/completions \\`,
      `  -H "Authorization: Bearer $OPENAI_API_KEY" \\`,
      `  -H "Content-Type: application/json" \\`,
      `  -d '{"model": ${named}, "messages": [{"role": "user", "content": "Hello"}]}'`,
    ].join("\n"),
    javascript: [
      `import OpenAI from "openai";`,
      ``,
      `const client = new OpenAI({ baseURL: "${base}", apiKey: process.env.OPENAI_API_KEY });`,
      `const answer = await client.chat.completions.create({`,
      `  model: ${named},`,
      `  messages: [{ role: "user", content: "Hello" }],`,
      `});`,
    ].join("\n"),
    python: [
      `import os`,
      `from openai import OpenAI`,
      ``,
      `client = OpenAI(base_url="${base}", api_key=os.environ["OPENAI_API_KEY"])`,
      `answer = client.chat.completions.create(`,
      `    model=${named},`,
      `    messages=[{"role": "user", "content": "Hello"}],`,
      `)`,
    ].join("\n"),
  };
}
