import {
  ACCOUNT_PATHS,
  ADMIN_PATHS,
  API_PATHS,
  CLI_AUTH_PATHS,
  CLI_CREDIT_PATHS,
  EDITOR_PATHS,
  HealthReport,
  INFERENCE_PATHS,
  OAUTH_PATHS,
  WEB_CREDIT_PATHS,
} from "@oa/contract";
import { describe, expect, it } from "vitest";
import * as z from "zod";
import { operationId } from "../src/openapi/document.ts";
import { ROUTES } from "../src/routes/index.ts";
import { underBoth } from "../src/wire.ts";
import { openWorld } from "./support/world.ts";

const Operation = z.looseObject({
  operationId: z.string(),
  security: z.array(z.record(z.string(), z.array(z.string()))),
  responses: z.record(z.string(), z.looseObject({ description: z.string() })),
});
const Document = z.looseObject({
  openapi: z.literal("3.1.0"),
  paths: z.record(z.string(), z.record(z.string(), Operation)),
  components: z.looseObject({ schemas: z.record(z.string(), z.unknown()) }),
});

describe("the OpenAPI document", () => {
  it("lists exactly the routes there are, with their gates", async () => {
    const world = await openWorld();
    const document = Document.parse(JSON.parse((await world.send("GET", "/openapi.json")).text));
    const listed = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
    );
    expect(listed.toSorted()).toEqual(ROUTES.map(({ method, path }) => `${method} ${path}`).toSorted());
    const waysIn = {
      none: 0,
      actor: 2,
      session: 1,
      admin: 1,
      internal: 1,
      fleet: 1,
      open: 0,
      editor: 1,
      management: 1,
      spender: 2,
    };
    const gates = ROUTES.map(({ method, path }) => document.paths[path]?.[method.toLowerCase()]?.security.length);
    expect(gates).toEqual(ROUTES.map(({ gate }) => waysIn[gate]));
    // Everything the contract promises is served, and nothing under another name.
    const promised = [
      API_PATHS,
      ACCOUNT_PATHS,
      OAUTH_PATHS,
      EDITOR_PATHS,
      ADMIN_PATHS,
      WEB_CREDIT_PATHS,
      INFERENCE_PATHS,
    ].flatMap((paths) => Object.values(paths));
    const both = Object.values({ ...CLI_AUTH_PATHS, ...CLI_CREDIT_PATHS }).flatMap(underBoth);
    expect(new Set(ROUTES.map(({ path }) => path))).toEqual(new Set([...promised, ...both, "/v1", "/models"]));
  });

  it("names errors as their path does, and files by what is in them", async () => {
    const world = await openWorld();
    const { paths } = Document.parse(JSON.parse((await world.send("GET", "/openapi.json")).text));
    const responses = (path: string, method: string) => paths[path]?.[method]?.responses ?? {};
    expect(responses("/v1/keys/{hash}", "delete")["410"]?.description).toBe("`KEY_ALREADY_REVOKED`");
    expect(responses("/keys/{hash}/rotate", "post")["410"]?.description).toBe("`KEY_REVOKED`");
    expect(responses("/keys", "post")["409"]?.description).toContain("`KEY_NAME_EXISTS`");
    expect(responses(WEB_CREDIT_PATHS.webKeys, "post")["409"]?.description).toContain("`taken`");
    for (const path of [...underBoth(CLI_CREDIT_PATHS.export), WEB_CREDIT_PATHS.webUsageExport]) {
      const file = z.looseObject({ content: z.record(z.string(), z.unknown()) }).parse(responses(path, "get")["200"]);
      expect(Object.keys(file.content)).toEqual(["text/csv", "application/x-ndjson"]);
    }
  });

  it("points only at schemas it carries, and names each operation once", async () => {
    const world = await openWorld();
    const { text } = await world.send("GET", "/openapi.json");
    const document = Document.parse(JSON.parse(text));
    const refs = [...text.matchAll(/"\$ref":"#\/components\/schemas\/(\w+)"/g)].map(([, name]) => name ?? "");
    expect(refs.length).toBeGreaterThan(10);
    expect(refs.filter((name) => !(name in document.components.schemas))).toEqual([]);
    expect(text).not.toContain("$defs");
    const ids = ROUTES.map(({ method, path }) => operationId(method, path));
    expect(new Set(ids).size).toBe(ids.length);
  });
});

it("/docs shows every route without a script or anything from elsewhere", async () => {
  const world = await openWorld();
  const { text, headers } = await world.send("GET", "/docs");
  expect(headers.get("content-type")).toContain("text/html");
  for (const { path } of ROUTES) expect(text).toContain(path);
  expect(text).not.toMatch(/<script|src=|url\(|https?:\/\/(?!www\.w3\.org|json-schema\.org)/);
});

const anyNumber: unknown = expect.any(Number);

describe("/healthz", () => {
  it("says which parts answer", async () => {
    const world = await openWorld();
    const health = async () => (await world.send("GET", "/healthz")).data(HealthReport);
    const parts = (control: boolean, fleet: boolean) => [
      { name: "control", ok: control, ms: anyNumber },
      { name: "fleet", ok: fleet, ms: anyNumber },
    ];
    expect(await health()).toEqual({ status: "ok", parts: parts(true, true) });
    await world.set(["faults", "fleet"], [{ path: "/", fault: { kind: "html" } }]);
    expect(await health()).toEqual({ status: "degraded", parts: parts(true, false) });
    await world.set(["faults", "convex"], [{ path: "/", fault: { kind: "hang" } }]);
    expect(await health()).toEqual({ status: "degraded", parts: parts(false, false) });
  });

  it("tells a part that refuses our key from one that is there", async () => {
    const world = await openWorld({ OA_CONTROL_KEY: "another-control-key", OA_FLEET_KEY: "another-fleet-key" });
    expect((await world.send("GET", "/healthz")).data(HealthReport).parts.map((part) => part.ok)).toEqual([
      false,
      false,
    ]);
  });
});
