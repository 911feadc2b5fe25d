import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { apiPart, siteOf, type StackPlan } from "../src/parts.ts";
import { loadSecrets } from "../src/secrets.ts";
import { prepareWebsite, servedWebsite } from "../src/websitePart.ts";

const root = resolve(import.meta.dirname, "../..");
const PORTS = { api: 80, convex: 2, convexSite: 3, runtimeHost: 4, github: 5, google: 6, mail: 7, upstream: 8 };

let one: string;
let two: string;
beforeEach(async () => {
  one = await mkdtemp(join(tmpdir(), "oa-page-"));
  two = await mkdtemp(join(tmpdir(), "oa-page-"));
});
afterEach(async () => {
  for (const dir of [one, two]) await rm(dir, { recursive: true, force: true });
});

describe("the page of a stack", () => {
  it("is a copy of its own: stacks that start at once both have it whole, and what happens to one is none of the other", async () => {
    const never = new AbortController().signal;
    await Promise.all([prepareWebsite(root, one, never), prepareWebsite(root, two, never)]);
    const page = (dir: string) => readFile(join(servedWebsite(dir), "index.html"), "utf8");
    expect(await page(one)).toContain("<!doctype html>");
    expect(await page(two)).toBe(await page(one));
    await writeFile(join(servedWebsite(one), "index.html"), "changed");
    // The next start of the same sources builds nothing, and makes the copy good.
    expect(await prepareWebsite(root, one, never)).toBe(false);
    expect(await page(one)).toBe(await page(two));
  });

  it("is what workerd serves, at an origin as a browser writes it; wrangler asks nobody and keeps nothing elsewhere", async () => {
    const plan: StackPlan = { root, dataDir: one, ports: PORTS, secrets: await loadSecrets(one, {}), settings: {} };
    const { args, env } = apiPart(plan);
    expect(args[args.indexOf("--assets") + 1]).toBe(servedWebsite(one));
    expect(siteOf(plan)).toBe("http://127.0.0.1");
    expect(env).toMatchObject({
      CLOUDFLARE_CF_FETCH_ENABLED: "false",
      WRANGLER_SEND_METRICS: "false",
      WRANGLER_WRITE_LOGS: "false",
    });
    expect(env["XDG_CONFIG_HOME"]).toContain(one);
  });
});
