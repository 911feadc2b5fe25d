/** The official Convex CLI, unmodified, against a running deployment. */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { ConvexHttpClient } from "convex/browser";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { api } from "../fixtures/chat/convex/_generated/api.js";
import {
  convexCli,
  copyFixture,
  deploy,
  followCli,
  startDeployment,
  tempDir,
  type Deployment,
} from "../support/deployment.ts";
import { createIssuer } from "../support/tokens.ts";

describe("the official CLI", () => {
  let deployment: Deployment;
  let project: string;
  const cleanups: (() => Promise<unknown>)[] = [];
  const cli = (...args: string[]) => convexCli(project, deployment, args);

  beforeAll(async () => {
    const dir = await tempDir();
    cleanups.push(() => dir.remove());
    deployment = await startDeployment(join(dir.path, "data"));
    cleanups.push(() => deployment.stop());
    project = await copyFixture("chat", dir.path);
    const { dataUri } = await createIssuer();
    await cli("env", "set", "JWKS_URI", dataUri);
    await deploy(project, deployment);
  });
  afterAll(async () => {
    for (const cleanup of cleanups.toReversed()) await cleanup();
  });

  it("runs public and internal functions, and prints what they return", async () => {
    const sent = await cli("run", "messages:send", '{"channel":"cli","body":"hello"}');
    expect(sent).toMatchObject({ code: 0 });
    expect(sent.stderr).toContain("sending");
    const listed = await cli("run", "messages:everything");
    expect(JSON.parse(listed.stdout)).toMatchObject([{ channel: "cli", body: "hello" }]);
    expect(await cli("run", "counters:addTwice", '{"name":"cli"}')).toMatchObject({ code: 0, stdout: "2\n" });
  });

  it("runs a function as a user", async () => {
    const who = await cli("run", "users:whoAmI", "--identity", '{"subject":"ada","name":"Ada"}');
    expect(JSON.parse(who.stdout)).toMatchObject({ subject: "ada", name: "Ada" });
  });

  it("answers a name that is no function with those that are", async () => {
    const unknown = await cli("run", "messages:nothing");
    expect(unknown.code).toBe(1);
    expect(unknown.stderr).toContain("Could not find function");
    expect(unknown.stderr).toContain("messages:list".split(":")[1]);
  });

  it("lists tables and their documents", async () => {
    await cli("run", "messages:send", '{"channel":"data","body":"first"}');
    await cli("run", "messages:send", '{"channel":"data","body":"second"}');
    const tables = await cli("data");
    expect(tables.stdout.split("\n")).toEqual(expect.arrayContaining(["messages", "counters"]));
    const rows = await cli("data", "messages", "--limit", "2", "--order", "desc", "--format", "jsonl");
    const [newest, older] = rows.stdout.trim().split("\n");
    expect(newest).toContain('"body": "second"');
    expect(older).toContain('"body": "first"');
  });

  it("sets, reads, lists and unsets environment variables, which functions see at once", async () => {
    expect(await cli("env", "set", "GREETING", "hello there")).toMatchObject({ code: 0 });
    expect(await cli("env", "get", "GREETING")).toMatchObject({ code: 0, stdout: "hello there\n" });
    expect((await cli("env", "list")).stdout).toContain("GREETING");
    expect((await cli("run", "users:greeting")).stdout).toBe('"hello there"\n');
    expect(await cli("env", "remove", "GREETING")).toMatchObject({ code: 0 });
    expect((await cli("run", "users:greeting")).stdout).toBe("");
  });

  it("prints the functions' specification", async () => {
    const spec = await cli("function-spec");
    const { url, functions } = z
      .object({ url: z.string(), functions: z.array(z.json()) })
      .parse(JSON.parse(spec.stdout));
    expect(url).toBe(deployment.url);
    expect(functions).toContainEqual(
      expect.objectContaining({
        identifier: "messages.js:like",
        functionType: "Mutation",
        visibility: { kind: "internal" },
      }),
    );
  });

  it("generates the same code as is checked in, and builds once in development", async () => {
    expect(await cli("codegen", "--typecheck", "disable")).toMatchObject({ code: 0 });
    expect(await readFile(join(project, "convex/_generated/server.d.ts"), "utf8")).toContain("QueryCtx");
    expect(await cli("dev", "--once", "--typecheck", "disable")).toMatchObject({ code: 0 });
    expect(await readFile(join(project, ".env.local"), "utf8")).toContain(deployment.url);
  });

  it("refuses a schema that stored documents do not fit, and leaves the old code running", async () => {
    await cli("run", "messages:send", '{"channel":"kept","body":"text"}');
    const schema = join(project, "convex/schema.ts");
    const before = await readFile(schema, "utf8");
    await writeFile(schema, before.replace("body: v.string()", "body: v.number()"));
    const refused = await cli("deploy", "--typecheck", "disable", "--codegen", "disable");
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain("Schema validation failed");
    expect(refused.stderr).toMatch(/Document with ID "\w+" in table "messages" .*\n*.*Path: \.body/);
    expect(await cli("run", "messages:list", '{"channel":"kept"}')).toMatchObject({ code: 0 });
    await writeFile(schema, before);
  });

  it("waits in development for documents to fit the schema, and goes on when they do", async () => {
    const schema = join(project, "convex/schema.ts");
    const before = await readFile(schema, "utf8");
    await writeFile(schema, before.replace("value: v.number()", "value: v.string()"));
    await cli("run", "counters:add", '{"name":"dev","amount":1}');
    const developing = followCli(project, deployment, ["dev", "--typecheck", "disable"]);
    try {
      expect(await developing.until('in table "counters"')).not.toContain("functions ready");
      await cli("run", "counters:clear");
      expect(await developing.until("functions ready")).toContain("Schema validation failed");
    } finally {
      await developing.stop();
    }
    await writeFile(schema, before);
    await deploy(project, deployment);
  });

  it("shows in a dry run that it would deploy, and changes nothing", async () => {
    const file = join(project, "convex/extra.ts");
    await writeFile(file, 'import { query } from "./_generated/server";\nexport const one = query(async () => 1);\n');
    expect(await cli("deploy", "--dry-run", "--typecheck", "disable", "--codegen", "disable")).toMatchObject({
      code: 0,
    });
    expect(await cli("run", "extra:one")).toMatchObject({ code: 1 });
    // Only the new module is sent now; the others are known by their hashes.
    await deploy(project, deployment);
    expect(await cli("run", "extra:one")).toMatchObject({ code: 0, stdout: "1\n" });
    expect(await cli("run", "users:greeting")).toMatchObject({ code: 0 });
  });

  it("follows the logs of functions, their errors included", async () => {
    const http = new ConvexHttpClient(deployment.url, { logger: false });
    // What ran before the CLI asked for the first time is history, which it does not print.
    const running = setInterval(() => {
      http
        .mutation(api.messages.send, { channel: "logs", body: "watched" })
        .then(() => http.query(api.messages.fail, {}))
        .catch(() => undefined);
    }, 200);
    const following = followCli(project, deployment, ["logs", "--success"]);
    try {
      expect(await following.until("[CONVEX M(messages:send)] [LOG] 'sending' 'watched'")).not.toContain("[ERROR]");
      await following.until("[CONVEX M(messages:send)] Function executed in");
      await following.until("[CONVEX Q(messages:fail)] Uncaught Error: a secret detail");
    } finally {
      clearInterval(running);
      await following.stop();
    }
  });

  it("is refused with another admin key, in words", async () => {
    const stranger = await convexCli(project, { ...deployment, adminKey: "not-the-key" }, [
      "run",
      "messages:everything",
    ]);
    expect(stranger.code).toBe(1);
    expect(stranger.stderr).toContain("BadDeployKey");
  });
});
