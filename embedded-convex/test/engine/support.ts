/** An engine of its own for one test: a folder that goes away, projects bundled by the official CLI. */
import { execFile } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterEach } from "vitest";
import { openEngine, type Engine } from "../../src/engine/engine.ts";
import type { PushedDefinition } from "../../src/engine/push/analysis.ts";
import { commitPush, preparePush } from "../../src/engine/push/push.ts";
import type { Call, EngineOptions, Identity, Json, UdfResult } from "../../src/engine/types.ts";
import { parseJson } from "../../src/engine/values/json.ts";
import { fromPushRequest } from "./bundled.ts";

const NODE_MODULES = fileURLToPath(new URL("../../../node_modules", import.meta.url));
const FIXTURE = fileURLToPath(new URL("fixture", import.meta.url));
const CLI_MS = 60_000;

const cleanups: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const clean of cleanups.splice(0).toReversed()) await clean();
});

/** Runs after the current test, last registered first. */
export function afterTest(clean: () => Promise<void> | void): void {
  cleanups.push(clean);
}

export function tempFolder(): string {
  const folder = mkdtempSync(path.join(tmpdir(), "embedded-convex-test-"));
  afterTest(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));
  return folder;
}

/** Opens (or opens again) the database in `folder`. Closed after the test if it still is open. */
export async function openIn(folder: string, options: Partial<EngineOptions> = {}): Promise<Engine> {
  const engine = await openEngine({
    file: path.join(folder, "data.db"),
    modulesDir: path.join(folder, "modules"),
    cloudUrl: "http://127.0.0.1:3210",
    siteUrl: "http://127.0.0.1:3211",
    name: "test-deployment",
    synchronous: "normal",
    ...options,
  });
  afterTest(() => engine.close());
  return engine;
}

/** What the official bundler makes of a project: the engine's fixture with `changes` (null removes a file). */
export async function bundle(
  changes: Record<string, string | null> = {},
  base: string | null = FIXTURE,
): Promise<PushedDefinition[]> {
  const project = tempFolder();
  const functions = path.join(project, "convex");
  if (base === null) mkdirSync(functions);
  else cpSync(base, functions, { recursive: true });
  for (const [file, text] of Object.entries(changes)) {
    const target = path.join(functions, file);
    if (text === null) rmSync(target);
    else {
      mkdirSync(path.dirname(target), { recursive: true });
      writeFileSync(target, text);
    }
  }
  symlinkSync(NODE_MODULES, path.join(project, "node_modules"), "dir");
  writeFileSync(
    path.join(project, "package.json"),
    '{"name":"fixture","type":"module","dependencies":{"convex":"1.48.0"}}',
  );
  const args = [
    "deploy",
    "--write-push-request",
    "out",
    "--push-all-modules",
    "--typecheck",
    "disable",
    "--codegen",
    "disable",
  ];
  const env = { ...process.env, CONVEX_SELF_HOSTED_URL: "http://127.0.0.1:9", CONVEX_SELF_HOSTED_ADMIN_KEY: "none" };
  await promisify(execFile)(process.execPath, [path.join(NODE_MODULES, "convex/bin/main.js"), ...args], {
    cwd: project,
    env,
    timeout: CLI_MS,
  });
  return fromPushRequest(readFileSync(path.join(project, "out.json"), "utf8"));
}

/** All steps of a deploy. */
export async function push(engine: Engine, definitions: PushedDefinition[]): Promise<void> {
  const prepared = await preparePush(engine, definitions);
  const misfit = await prepared.change.check();
  if (misfit !== null) throw new Error(`Schema validation failed.\n${misfit.sentence}`);
  await commitPush(engine, prepared);
}

/** An engine with the fixture's functions. */
export async function deployed(
  changes: Record<string, string | null> = {},
  options: Partial<EngineOptions> = {},
): Promise<Engine> {
  const engine = await openIn(tempFolder(), options);
  await push(engine, await bundle(changes));
  return engine;
}

export const NOBODY: Identity = { kind: "none" };

export function call(
  udf: string,
  args: Json = {},
  options: { allowInternal?: boolean; identity?: Identity; component?: string } = {},
): Call {
  return {
    path: { component: options.component ?? "", udf },
    args,
    identity: options.identity ?? NOBODY,
    allowInternal: options.allowInternal ?? true,
  };
}

/** A result's value; throws the error message of a failure. */
export function valueOf(result: UdfResult): Json {
  if (!result.ok) throw new Error(result.errorMessage);
  return parseJson(result.valueJson);
}

export async function query(engine: Engine, udf: string, args: Json = {}): Promise<Json> {
  return valueOf((await engine.runner.runQuery(call(udf, args))).result);
}

export async function mutate(engine: Engine, udf: string, args: Json = {}): Promise<Json> {
  return valueOf((await engine.runner.runMutation(call(udf, args))).result);
}

/** Waits until `probe` gives something other than null. */
export async function eventually<T>(
  probe: () => Promise<T | null> | T | null,
  what: string,
  withinMs = 10_000,
): Promise<T> {
  const end = performance.now() + withinMs;
  for (;;) {
    const found = await probe();
    if (found !== null) return found;
    if (performance.now() > end) throw new Error(`not within ${withinMs} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
