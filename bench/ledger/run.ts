/**
 * Whether the books stay quick as they grow: a balance, a standing and a whole model call (authorize, settle) of a user with few
 * ledger rows and with many, on the embedded engine on disk, with the product's own functions as the official bundler makes them.
 *
 *   node bench/ledger/run.ts [ledger rows of the second user, default 100000]
 *
 * Both users are measured turn by turn in one run: read the ratios.
 */
import { execFileSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import * as z from "zod";
import { BatchResult, NO_USAGE, type CreditOp } from "@oa/contract";
import { type Engine, openEngine } from "../../embedded-convex/src/engine/engine.ts";
import { commitPush, preparePush } from "../../embedded-convex/src/engine/push/push.ts";
import type { Json } from "../../embedded-convex/src/engine/types.ts";
import { fromPushRequest } from "../../embedded-convex/test/engine/bundled.ts";

const FEW = 10;
const MANY = Number(process.argv[2] ?? 100_000);
/** Rows one transaction of the filling writes. */
const BATCH = 2000;
/** Each time is the median of this many, after a warm-up; calls stay below the six hundred a minute of one user. */
const SAMPLES = { reads: 400, calls: 200 };
const WARM_UP = 30;

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/** What the official bundler would push of the product's functions and those beside this file. */
function bundled(folder: string): string {
  const project = path.join(folder, "project");
  const functions = path.join(project, "convex");
  cpSync(path.join(ROOT, "convex"), functions, { recursive: true });
  cpSync(fileURLToPath(new URL("convex", import.meta.url)), functions, { recursive: true });
  cpSync(path.join(ROOT, "tsconfig.base.json"), path.join(project, "tsconfig.base.json"));
  symlinkSync(path.join(ROOT, "node_modules"), path.join(project, "node_modules"), "dir");
  writeFileSync(path.join(project, "package.json"), '{"name":"bench","type":"module","dependencies":{"convex":"*"}}');
  const bundler = path.join(ROOT, "node_modules/convex/bin/main.js");
  const options = "deploy --write-push-request out --push-all-modules --typecheck disable --codegen disable".split(" ");
  const env = { ...process.env, CONVEX_SELF_HOSTED_URL: "http://127.0.0.1:9", CONVEX_SELF_HOSTED_ADMIN_KEY: "none" };
  execFileSync(process.execPath, [bundler, ...options], { cwd: project, env, stdio: "pipe" });
  return readFileSync(path.join(project, "out.json"), "utf8");
}

async function deployed(folder: string): Promise<Engine> {
  const engine = await openEngine({
    file: path.join(folder, "data.db"),
    modulesDir: path.join(folder, "modules"),
    cloudUrl: "",
    siteUrl: "",
    name: "bench",
  });
  const push = await preparePush(engine, fromPushRequest(bundled(folder)));
  await push.change.check();
  await commitPush(engine, push);
  return engine;
}

/** Calls functions of the deployment, internal ones too. */
function callerOf(engine: Engine) {
  const call = (udf: string, args: Json) => ({
    path: { component: "", udf },
    args,
    identity: { kind: "none" } as const,
    allowInternal: true,
  });
  const valueOf = <S extends z.ZodType>(
    schema: S,
    result: { ok: true; valueJson: string } | { ok: false; errorMessage: string },
  ): z.output<S> => {
    if (!result.ok) throw new Error(result.errorMessage);
    return schema.parse(JSON.parse(result.valueJson));
  };
  return {
    query: async <S extends z.ZodType>(schema: S, name: string, args: Json) =>
      valueOf(schema, (await engine.runner.runQuery(call(name, args))).result),
    mutation: async <S extends z.ZodType>(schema: S, name: string, args: Json) =>
      valueOf(schema, (await engine.runner.runMutation(call(name, args))).result),
  };
}
type Caller = ReturnType<typeof callerOf>;

interface User {
  id: string;
  rows: number;
  times: Record<Operation, number[]>;
}
type Operation = "balance" | "standing" | "authorize" | "settle";
const OPERATIONS = ["balance", "standing", "authorize", "settle"] as const;

const userOf = (id: string, rows: number): User => ({
  id,
  rows,
  times: { balance: [], standing: [], authorize: [], settle: [] },
});

async function fill(caller: Caller, { id, rows }: User): Promise<void> {
  for (let from = 0; from < rows; from += BATCH) {
    await caller.mutation(z.null(), "measured:fill", { user_id: id, from, to: Math.min(rows, from + BATCH) });
  }
}

async function timed<T>(times: number[], work: () => Promise<T>): Promise<T> {
  const began = performance.now();
  const done = await work();
  times.push(performance.now() - began);
  return done;
}

async function read(caller: Caller, user: User): Promise<void> {
  const args = { user_id: user.id };
  await timed(user.times.balance, () => caller.query(z.object({}), "billing:getCreditBalance", args));
  await timed(user.times.standing, () => caller.query(z.object({}), "holds:standing", args));
}

async function callModel(caller: Caller, user: User, number: number): Promise<void> {
  const hold_id = `${user.id}-${String(number).padStart(12, "0")}`;
  const apply = async (op: CreditOp) => {
    const { results } = await caller.mutation(BatchResult, "holds:applyBatch", { user_id: user.id, ops: [{ ...op }] });
    return results[0]?.result;
  };
  const granted = await timed(user.times.authorize, () =>
    apply({
      op: "authorize",
      hold_id,
      key_id: null,
      secret_hash: null,
      endpoint: "chat",
      model: "gpt-4o-mini",
      input_tokens: 10,
      max_output_tokens: 20,
      choices: 1,
      ttl_ms: 60_000,
    }),
  );
  const settled = await timed(user.times.settle, () =>
    apply({
      op: "settle",
      hold_id,
      usage: { ...NO_USAGE, input: 10, output: 20 },
      usage_source: "upstream",
      outcome: "completed",
      latency_ms: 1,
      first_byte_ms: null,
      upstream_cost_usd: null,
    }),
  );
  if (granted !== "granted" || settled !== "settled") throw new Error(`a call was ${granted}, then ${settled}`);
}

function median(times: readonly number[]): number {
  return times.slice(WARM_UP).toSorted((a, b) => a - b)[Math.floor((times.length - WARM_UP) / 2)] ?? Number.NaN;
}

const Documents = z.object({ balance: z.number(), standing: z.number() });
const ms = (value: number) => `${value.toFixed(3)} ms`.padStart(12);

const folder = mkdtempSync(path.join(tmpdir(), "ledger-bench-"));
try {
  const engine = await deployed(folder);
  const caller = callerOf(engine);
  const few = userOf("user-few", FEW);
  const many = userOf("user-many", MANY);
  for (const user of [few, many]) await fill(caller, user);
  for (let n = 0; n < SAMPLES.reads + WARM_UP; n += 1) for (const user of [few, many]) await read(caller, user);
  for (let n = 0; n < SAMPLES.calls + WARM_UP; n += 1) for (const user of [few, many]) await callModel(caller, user, n);

  console.log(
    `${"".padEnd(12)}${`${few.rows} rows`.padStart(12)}${`${many.rows} rows`.padStart(14)}${"ratio".padStart(9)}`,
  );
  for (const operation of OPERATIONS) {
    const [a, b] = [median(few.times[operation]), median(many.times[operation])];
    console.log(`${operation.padEnd(12)}${ms(a)}${ms(b).padStart(14)}${`${(b / a).toFixed(2)}x`.padStart(9)}`);
  }
  for (const user of [few, many]) {
    const read = await caller.query(Documents, "measured:documents", { user_id: user.id });
    console.log(`at ${user.rows} rows a balance reads ${read.balance} document(s), a standing ${read.standing}`);
  }
  await engine.close();
} finally {
  rmSync(folder, { recursive: true, force: true });
}
