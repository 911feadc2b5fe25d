/** The same four operations on three databases: the embedded engine, plain node:sqlite, and convex-test. */
import { execFileSync } from "node:child_process";
import { cpSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import path from "node:path";
import { DatabaseSync } from "node:sqlite";
import { fileURLToPath } from "node:url";
import { convexTest } from "convex-test";
import { makeFunctionReference } from "convex/server";
import { openEngine, type Engine } from "../../embedded-convex/src/engine/engine.ts";
import { commitPush, preparePush } from "../../embedded-convex/src/engine/push/push.ts";
import type { QueryOutcome, UdfResult } from "../../embedded-convex/src/engine/types.ts";
import { fromPushRequest } from "../../embedded-convex/test/engine/bundled.ts";
import schema from "./convex/schema.ts";

export const READS = ["point", "range", "page"] as const;
export type Operation = (typeof READS)[number] | "insert";

export interface Subject {
  /** Makes the documents `from` to `to`, in each of two tables. */
  fill(from: number, to: number): Promise<void>;
  run(operation: Operation, n: number): Promise<unknown>;
  close(): Promise<void>;
}

/** Documents written by one transaction while filling. */
const BATCH = 2000;
const NODE_MODULES = fileURLToPath(new URL("../../node_modules", import.meta.url));
const BODY = "a text of about a hundred characters, which is what a small document of an application has, more or less";

export interface EngineSubject extends Subject {
  engine: Engine;
  query(operation: (typeof READS)[number], n: number): Promise<QueryOutcome>;
}

/** The engine with `synchronous=FULL`, with functions as the official bundler makes them. */
export async function embeddedConvex(folder: string): Promise<EngineSubject> {
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
  const call = (name: string, args: { [key: string]: number }) => ({
    path: { component: "", udf: `measured:${name}` },
    args,
    identity: { kind: "none" } as const,
    allowInternal: false,
  });
  const mutate = async (name: string, args: { [key: string]: number }) =>
    succeeded((await engine.runner.runMutation(call(name, args))).result);
  return {
    engine,
    query: (operation, n) => engine.runner.runQuery(call(operation, { n })),
    async fill(from, to) {
      for (let n = from; n < to; n += BATCH) await mutate("fill", { from: n, count: Math.min(BATCH, to - n) });
    },
    async run(operation, n) {
      if (operation === "insert") return mutate("insert", { n });
      return succeeded((await engine.runner.runQuery(call(operation, { n }))).result);
    },
    close: () => engine.close(),
  };
}

/** Documents as JSON in a table with an index, and nothing around it: what the disk and SQLite allow. */
export function plainSqlite(folder: string): Subject {
  const db = new DatabaseSync(path.join(folder, "plain.db"));
  db.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL");
  for (const table of ["left_table", "right_table"]) {
    db.exec(`CREATE TABLE ${table} (id INTEGER PRIMARY KEY, n REAL, owner TEXT, value TEXT)`);
    db.exec(`CREATE INDEX ${table}_n ON ${table} (n); CREATE INDEX ${table}_owner ON ${table} (owner)`);
  }
  const insertInto = (table: string) => db.prepare(`INSERT INTO ${table} (n, owner, value) VALUES (?, ?, ?)`);
  const [left, right] = [insertInto("left_table"), insertInto("right_table")];
  const value = (n: number, owner: string) => JSON.stringify({ n, owner, body: BODY });
  const statements = {
    point: db.prepare("SELECT value FROM right_table WHERE n = ?"),
    range: db.prepare("SELECT value FROM right_table WHERE n >= ? ORDER BY n LIMIT 100"),
    page: db.prepare("SELECT value FROM left_table WHERE n >= ? ORDER BY n LIMIT 20"),
  };
  return {
    fill(from, to) {
      db.exec("BEGIN");
      for (let n = from; n < to; n++) {
        const owner = `owner ${n % 1000}`;
        left.run(n, owner, value(n, owner));
        right.run(n, owner, value(n, owner));
      }
      db.exec("COMMIT");
      return Promise.resolve();
    },
    run(operation, n) {
      if (operation === "insert") return Promise.resolve(left.run(n, "late", value(n, "late")));
      return Promise.resolve(statements[operation].all(n).map((row): unknown => JSON.parse(String(row["value"]))));
    },
    close: () => Promise.resolve(db.close()),
  };
}

/** The mock that tests use elsewhere: everything in memory, every query over all documents. */
export function mock(): Subject {
  const modules = {
    "./_generated/api.js": () => Promise.resolve({}),
    "./measured.ts": () => import("./convex/measured.ts"),
  };
  const t = convexTest({ schema, modules });
  const reference = (name: string) => makeFunctionReference<"query", { n: number }>(`measured:${name}`);
  return {
    async fill(from, to) {
      await t.mutation(makeFunctionReference<"mutation", { from: number; count: number }>("measured:fill"), {
        from,
        count: to - from,
      });
    },
    run: async (operation, n): Promise<unknown> =>
      operation === "insert"
        ? t.mutation(makeFunctionReference<"mutation", { n: number }>("measured:insert"), { n })
        : t.query(reference(operation), { n }),
    close: () => Promise.resolve(),
  };
}

function succeeded(result: UdfResult): string {
  if (!result.ok) throw new Error(result.errorMessage);
  return result.valueJson;
}

/** Runs the official bundler over `convex/` and returns what it would push. */
function bundled(folder: string): string {
  const project = path.join(folder, "project");
  cpSync(fileURLToPath(new URL("convex", import.meta.url)), path.join(project, "convex"), { recursive: true });
  symlinkSync(NODE_MODULES, path.join(project, "node_modules"), "dir");
  writeFileSync(path.join(project, "package.json"), '{"name":"bench","type":"module","dependencies":{"convex":"*"}}');
  const options = [
    "--write-push-request",
    "out",
    "--push-all-modules",
    "--typecheck",
    "disable",
    "--codegen",
    "disable",
  ];
  const env = { ...process.env, CONVEX_SELF_HOSTED_URL: "http://127.0.0.1:9", CONVEX_SELF_HOSTED_ADMIN_KEY: "none" };
  execFileSync(process.execPath, [path.join(NODE_MODULES, "convex/bin/main.js"), "deploy", ...options], {
    cwd: project,
    env,
    stdio: "pipe",
  });
  return readFileSync(path.join(project, "out.json"), "utf8");
}
