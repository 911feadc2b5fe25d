/**
 * Opens the database in the folder given, pushes, and writes until it is killed. Every line on stdout names
 * something the engine has acknowledged: "write 12", "job 13", "action 14", "push".
 */
import { readFileSync } from "node:fs";
import path from "node:path";
import { openEngine } from "../../src/engine/engine.ts";
import { commitPush, preparePush } from "../../src/engine/push/push.ts";
import { readDefinitions } from "./bundled.ts";

const [folder = "", first = "0"] = process.argv.slice(2);
const pushes = ["push-a.json", "push-b.json"].map((file) =>
  readDefinitions(readFileSync(path.join(folder, file), "utf8")),
);
const engine = await openEngine({
  file: path.join(folder, "data.db"),
  modulesDir: path.join(folder, "modules"),
  cloudUrl: "",
  siteUrl: "",
  name: "crash",
});

let n = Number(first);
const acknowledge = (what: string) => process.stdout.write(`${what}\n`);
const call = (udf: string, value: number) => ({
  path: { component: "", udf },
  args: { n: value },
  identity: { kind: "none" } as const,
  allowInternal: false,
});

async function push(which: number): Promise<void> {
  const definitions = pushes[which % 2];
  if (definitions === undefined) return;
  const prepared = await preparePush(engine, definitions);
  await prepared.change.check();
  await commitPush(engine, prepared);
  acknowledge("push");
}

async function keepWriting(udf: string, what: string): Promise<void> {
  for (;;) {
    const value = n++;
    const { result } = await engine.runner.runMutation(call(udf, value), {
      session: { sessionId: "crash", requestId: value },
    });
    if (!result.ok) throw new Error(result.errorMessage);
    acknowledge(`${what} ${value}`);
  }
}

async function keepPushing(): Promise<void> {
  for (let which = 1; ; which++) {
    await push(which);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

if (engine.listFunctions().length === 0) await push(0);
acknowledge("ready");
const writers = [0, 1, 2, 3].flatMap(() => [
  keepWriting("crash:write", "write"),
  keepWriting("crash:scheduleJob", "job"),
  keepWriting("crash:scheduleAction", "action"),
]);
await Promise.all([...writers, keepPushing()]);
