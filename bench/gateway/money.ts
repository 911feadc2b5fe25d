import { setTimeout as pause } from "node:timers/promises";
import { BALANCE_HEADER, COST_HEADER, HOLD_HEADER } from "@oa/contract";
import { TOLD, open } from "./call.ts";
import type { Target } from "./call.ts";

/** Settlements follow the answers; this long after the last one they are through. */
const SETTLED_MS = 3000;
/** gpt-4o: dollars for a token in and a token out. */
const USD_PER_TOKEN = { input: 2.5e-6, output: 1e-5 };

/** Calls so many times, `many` of them always under way; what the balance lost beside what the calls said they cost. */
export async function callsAtOnce(
  target: Target,
  many: number,
  calls: number,
): Promise<{ perSecond: number; costUsd: string; chargedUsd: string }> {
  let left = calls;
  let cost = 0;
  const before = await balance(target);
  const started = performance.now();
  const one = async () => {
    while (left > 0) {
      left -= 1;
      const response = await open(target, { stream: false, chunks: 1 });
      cost += Number(response.headers.get(COST_HEADER) ?? 0);
      await response.arrayBuffer();
    }
  };
  await Promise.all(Array.from({ length: many }, one));
  const seconds = (performance.now() - started) / 1000;
  return {
    perSecond: calls / seconds,
    costUsd: usd(cost),
    chargedUsd: usd(before - (await balance(target)) - OWN_COST),
  };
}

/** Streams that are left after two pieces; they are neither free nor charged in full. */
export async function leftStreams(
  target: Target,
  count: number,
): Promise<{ chargedUsd: string; deliveredUsd: string }> {
  const before = await balance(target);
  for (let n = 0; n < count; n += 1) {
    const response = await open(target, { stream: true, chunks: 10, delayMs: 50 });
    const reader = response.body?.getReader();
    for (let part = 0; part < 3; part += 1) await reader?.read();
    await reader?.cancel();
  }
  const charged = before - (await balance(target)) - OWN_COST;
  const delivered = count * (TOLD.prompt_tokens * USD_PER_TOKEN.input + 10 * USD_PER_TOKEN.output);
  return { chargedUsd: usd(charged), deliveredUsd: usd(delivered) };
}

/** What asking for the balance costs: it is a call itself. */
const OWN_COST = TOLD.prompt_tokens * USD_PER_TOKEN.input + TOLD.completion_tokens * USD_PER_TOKEN.output;

/** Dollars left once everything is settled, before this call's own cost. NaN where the endpoint tells none. */
async function balance(target: Target): Promise<number> {
  await pause(SETTLED_MS);
  const response = await open(target, { stream: true, chunks: 1 });
  await response.arrayBuffer();
  const [free, held] = [BALANCE_HEADER, HOLD_HEADER].map((name) => Number(response.headers.get(name) ?? Number.NaN));
  return (free ?? Number.NaN) + (held ?? Number.NaN);
}

function usd(amount: number): string {
  return Number.isNaN(amount) ? "nothing" : `$${amount.toFixed(6)}`;
}
