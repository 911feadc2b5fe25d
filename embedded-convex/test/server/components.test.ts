/** An app with components, through the CLI and the clients: two instances of one component keep apart. */
import { join } from "node:path";
import { ConvexClient } from "convex/browser";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { api } from "../fixtures/installed/convex/_generated/api.js";
import { convexCli, copyFixture, deploy, startDeployment, tempDir, type Deployment } from "../support/deployment.ts";
import { waitFor } from "../support/wait.ts";

describe("an app with components", () => {
  let deployment: Deployment;
  let project: string;
  const cleanups: (() => Promise<unknown>)[] = [];
  const cli = (...args: string[]) => convexCli(project, deployment, args);

  beforeAll(async () => {
    const dir = await tempDir();
    cleanups.push(() => dir.remove());
    deployment = await startDeployment(join(dir.path, "data"));
    cleanups.push(() => deployment.stop());
    project = await copyFixture("installed", dir.path);
    await deploy(project, deployment);
  });
  afterAll(async () => {
    for (const cleanup of cleanups.toReversed()) await cleanup();
  });

  it("is live: what a mutation changes inside a component reaches the queries that read it through the app", async () => {
    const client = new ConvexClient(deployment.url, { logger: false, unsavedChangesWarning: false });
    cleanups.push(() => client.close());
    const seen: number[] = [];
    client.onUpdate(api.votes.votes, { name: "cat" }, (votes) => seen.push(votes));
    await waitFor(
      () => seen.length,
      (count) => count === 1,
    );
    await client.mutation(api.votes.vote, { name: "cat" });
    await waitFor(
      () => seen.at(-1),
      (votes) => votes === 1,
    );
    expect(seen).toEqual([0, 1]);
  });

  it("shows a component's functions and tables to the developer who names it", async () => {
    await cli("run", "votes:vote", '{"name":"dog"}');
    expect((await cli("run", "--component", "tally", "count:read", '{"name":"dog"}')).stdout).toBe("1\n");
    expect((await cli("run", "--component", "secondTally", "count:read", '{"name":"dog"}')).stdout).toBe("0\n");
    expect((await cli("data", "--component", "tally")).stdout).toBe("tallies\n");
    const rows = await cli("data", "tallies", "--component", "tally", "--format", "jsonl");
    expect(rows.stdout).toContain('"name": "dog"');
  });

  it("does not show them to anyone else", async () => {
    const body = JSON.stringify({ path: "count:read", args: { name: "dog" }, componentPath: "tally" });
    const answer = await fetch(`${deployment.url}/api/query`, { method: "POST", body });
    expect(answer.status).toBe(403);
    const direct = JSON.stringify({ path: "tally/count:read", args: { name: "dog" } });
    const guessed = await fetch(`${deployment.url}/api/query`, { method: "POST", body: direct });
    expect(await guessed.json()).toMatchObject({ status: "error" });
  });
});
