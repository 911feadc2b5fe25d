import { mkdir, mkdtemp, readFile, readlink, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type InstancePaths, instancePaths } from "../paths.ts";
import { type Swap, doSwaps, planSwaps, undoSwaps } from "./swap.ts";

/** Two places are exchanged: the state, and a workspace that was not there before. */
describe("exchanging folders", () => {
  let dir: string;
  let paths: InstancePaths;
  let swaps: Swap[];
  let workspace: string;

  const put = async (folder: string, text: string) => {
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, "file"), text);
  };
  const at = (folder: string) => readFile(join(folder, "file"), "utf8").catch(() => null);

  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), "oa-swap-"));
    paths = instancePaths(dir, "adaadaada");
    workspace = join(paths.home, "work");
    await put(paths.state, "old");
    await put(workspace, "old work");
    await put(join(paths.staging, "state"), "new");
    await put(join(paths.staging, "work"), "new work");
    swaps = planSwaps(paths, "bk_1", [
      { live: paths.state, restored: join(paths.staging, "state") },
      { live: workspace, restored: join(paths.staging, "work") },
    ]);
  });
  afterEach(() => rm(dir, { recursive: true, force: true }));

  it("moves the new in and keeps the old", async () => {
    await doSwaps(paths.root, swaps);
    expect([await at(paths.state), await at(workspace)]).toEqual(["new", "new work"]);
    expect(await at(join(paths.kept, "bk_1", "state"))).toBe("old");
    expect(await at(join(paths.kept, "bk_1", "home", "work"))).toBe("old work");
  });

  it.each([0, 1, 2, 3, 4])(
    "can be undone after a crash behind rename %i, also when the undoing is interrupted",
    async (done) => {
      const renames = swaps.flatMap(({ live, kept, restored }) => [
        [live, kept],
        [restored, live],
      ]);
      for (const [from, to] of renames.slice(0, done))
        await rename(join(paths.root, from ?? ""), join(paths.root, to ?? ""));
      await undoSwaps(paths.root, swaps);
      await undoSwaps(paths.root, swaps);
      expect([await at(paths.state), await at(workspace)]).toEqual(["old", "old work"]);
    },
  );

  it("moves a link as the link it is, also one that leads nowhere", async () => {
    await rm(workspace, { recursive: true });
    await symlink(join(dir, "a disk that is not mounted"), workspace);
    await doSwaps(paths.root, swaps);
    expect(await at(workspace)).toBe("new work");
    expect(await readlink(join(paths.kept, "bk_1", "home", "work"))).toContain("not mounted");
    await undoSwaps(paths.root, swaps);
    expect(await readlink(workspace)).toContain("not mounted");
    expect(await at(paths.state)).toBe("old");
  });

  it("leaves a place alone that was empty before", async () => {
    await rm(workspace, { recursive: true });
    await doSwaps(paths.root, swaps);
    await undoSwaps(paths.root, swaps);
    expect(await at(paths.state)).toBe("old");
  });
});

async function rename(from: string, to: string): Promise<void> {
  await mkdir(dirname(to), { recursive: true });
  const fs = await import("node:fs/promises");
  await fs.rename(from, to);
}
