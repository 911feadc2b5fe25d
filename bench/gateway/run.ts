/**
 * What a model call through the gateway costs in time beside the same call made directly, and whether the money is right.
 * Interleaved rounds in one run, so that a busy machine slows both alike: read the differences and ratios, not the times.
 *
 *   node bench/gateway/run.ts --api http://127.0.0.1:3210 --key sk-prov-… --upstream http://127.0.0.1:3240 [--rounds 7] [--calls 100]
 *
 * `--upstream` is the address of the double that the gateway calls (`local/doubles/upstream`). The key's balance must be free of
 * other use while this runs, and its limits of calls a minute above `calls`.
 */
import { parseArgs } from "node:util";
import { callsAtOnce, leftStreams } from "./money.ts";
import { timedCall, timedRead } from "./call.ts";
import type { Target, Timing } from "./call.ts";

const { values } = parseArgs({
  options: {
    api: { type: "string" },
    key: { type: "string" },
    upstream: { type: "string" },
    rounds: { type: "string", default: "7" },
    calls: { type: "string", default: "100" },
  },
});
const { api, key, upstream } = values;
if (api === undefined || key === undefined || upstream === undefined) {
  throw new Error("Give --api, --key and --upstream.");
}
const gateway: Target = { url: `${api}/v1/chat/completions`, key };
const direct: Target = { url: `${upstream}/v1/chat/completions`, key: "double_bench_key" };
const rounds = Number(values.rounds);
const calls = Number(values.calls);
const WARM_UP = 30;

function quantile(numbers: readonly number[], share: number): number {
  const sorted = numbers.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}
const median = (numbers: readonly number[]): number => quantile(numbers, 0.5);
const ms = (value: number): string => `${value.toFixed(2)} ms`;

async function round(target: Target, stream: boolean): Promise<Timing> {
  const timings: Timing[] = [];
  for (let call = 0; call < calls; call += 1) timings.push(await timedCall(target, { stream, chunks: 20 }));
  return { firstByte: median(timings.map((t) => t.firstByte)), total: median(timings.map((t) => t.total)) };
}

for (let call = 0; call < WARM_UP; call += 1) {
  for (const target of [direct, gateway]) await timedCall(target, { stream: call % 2 === 0, chunks: 20 });
}

for (const stream of [false, true]) {
  const pairs: { direct: Timing; gateway: Timing }[] = [];
  for (let n = 0; n < rounds; n += 1) {
    pairs.push({ direct: await round(direct, stream), gateway: await round(gateway, stream) });
  }
  for (const part of stream ? (["firstByte", "total"] as const) : (["total"] as const)) {
    const added = pairs.map((pair) => pair.gateway[part] - pair.direct[part]);
    const name = stream ? `stream, ${part === "firstByte" ? "first byte" : "20 pieces"}` : "one body";
    console.log(
      `${name.padEnd(20)} direct ${ms(median(pairs.map((pair) => pair.direct[part])))}`,
      `gateway ${ms(median(pairs.map((pair) => pair.gateway[part])))}`,
      `added ${ms(median(added))} (quartiles ${ms(quantile(added, 0.25))} to ${ms(quantile(added, 0.75))})`,
    );
  }
}

const alone: number[] = [];
for (let call = 0; call < calls; call += 1) alone.push(await timedRead(`${api}/v1/models`, key));
console.log(`a list of models     gateway ${ms(median(alone))}: what a request costs that calls nobody`);

for (const many of [8, 32]) {
  const [slow, fast] = [await callsAtOnce(gateway, many, calls * 2), await callsAtOnce(direct, many, calls * 2)];
  console.log(
    `${String(many).padStart(2)} at once           gateway ${slow.perSecond.toFixed(0)} calls/s, direct ${fast.perSecond.toFixed(0)}`,
    `charged ${slow.chargedUsd} for ${slow.costUsd} told`,
  );
}
const left = await leftStreams(gateway, 5);
console.log(`5 streams left       after two pieces: charged ${left.chargedUsd}; delivered were ${left.deliveredUsd}`);
