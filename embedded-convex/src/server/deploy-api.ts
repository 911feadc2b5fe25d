/** The endpoints the official CLI deploys with. All need the admin key. */
import { setTimeout as wait } from "node:timers/promises";
import { version } from "convex";
import { LRUCache } from "lru-cache";
import { z } from "zod";
import type { Engine } from "../engine/engine.ts";
import { appModule, appModules, commitPush, preparePush, type Push } from "../engine/push/push.ts";
import { EngineError, type Json } from "../engine/types.ts";
import { json, jsonValue, LIMITS } from "./http.ts";
import { parseProviders } from "./jwt.ts";
import type { LogStream } from "./log-stream.ts";
import {
  definitionsOf,
  environmentBody,
  finishPushBody,
  startPushBody,
  startPushReply,
  waitForSchemaBody,
} from "./push-request.ts";
import type { ApiRequest, Route } from "./routes.ts";

/** A started push that nobody finishes is forgotten after this long, in milliseconds. */
const PUSH_TTL_MS = 30 * 60_000;
/** Prepared pushes hold their bundles in memory; a CLI has one at a time. */
const MAX_PREPARED = 4;

interface Started {
  push: Push;
  /** Null until someone waits for it. */
  check: Promise<SchemaStatus> | null;
}

/** How far the rows' check and the indexes' filling are, in the CLI's words. */
type SchemaStatus =
  | { type: "complete" }
  | { type: "failed"; error: string; componentPath: string; tableName: string }
  | { type: "inProgress"; components: { [path: string]: Json } };

const UNFINISHED = { schemaValidationComplete: false, indexesComplete: 0, indexesTotal: 0 };
const IN_PROGRESS: SchemaStatus = { type: "inProgress", components: { "": UNFINISHED } };

const providersOf = (auth: Json[]) => auth.map((provider) => JSON.stringify(provider));

export function createDeployApi(engine: Engine, logs: LogStream): { routes: Route[]; close: () => void } {
  const prepared = new LRUCache<string, Started>({
    max: MAX_PREPARED,
    ttl: PUSH_TTL_MS,
    ttlAutopurge: true,
    dispose: ({ push }) => push.change.end(),
  });

  function find(id: string): Started {
    const found = prepared.get(id);
    if (found === undefined) throw new EngineError("UnknownPush", "This push is not known any more; push again.", 410);
    return found;
  }

  async function check(push: Push): Promise<SchemaStatus> {
    const misfit = await push.change.check().catch((error: unknown) => {
      prepared.delete(push.id);
      throw error;
    });
    if (misfit === null) return { type: "complete" };
    prepared.delete(push.id);
    return { type: "failed", error: misfit.sentence, componentPath: misfit.component, tableName: misfit.table };
  }

  async function start(request: ApiRequest): Promise<object> {
    const body = await request.body(startPushBody, LIMITS.pushBody);
    const push = await preparePush(
      engine,
      definitionsOf(body, (path, hash) => appModule(engine.storage.writer, path, hash)),
    );
    parseProviders(push.code.auth);
    prepared.set(push.id, { push, check: null });
    return startPushReply(push);
  }

  async function finish(request: ApiRequest): Promise<object> {
    const { startPush, dryRun } = await request.body(finishPushBody, LIMITS.pushBody);
    const { push } = find(startPush.schemaChange.schemaIds.push);
    const before = providersOf(engine.code.auth);
    try {
      if (!dryRun) await commitPush(engine, push);
    } finally {
      prepared.delete(push.id);
    }
    const after = providersOf(push.code.auth);
    const added = after.filter((provider) => !before.includes(provider));
    const removed = before.filter((provider) => !after.includes(provider));
    return { authDiff: { added, removed }, definitionDiffs: {}, componentDiffs: {} };
  }

  async function setEnvironment(request: ApiRequest): Promise<null> {
    const { changes } = await request.body(environmentBody, LIMITS.adminBody);
    await engine.setVariables(changes.map(({ name, value }) => ({ name, value: value ?? null })));
    return null;
  }

  async function waitForSchema(request: ApiRequest): Promise<SchemaStatus> {
    const { schemaChange, timeoutMs } = await request.body(waitForSchemaBody, LIMITS.pushBody);
    const started = find(schemaChange.schemaIds.push);
    started.check ??= check(started.push);
    return Promise.race([started.check, wait(timeoutMs, IN_PROGRESS, { ref: false })]);
  }

  function streamLogs({ url, signal }: ApiRequest): Promise<object> {
    const cursor = z.coerce.number().min(0).catch(0).parse(url.searchParams.get("cursor"));
    return logs.poll(cursor, signal);
  }

  function configHashes(): object {
    const moduleHashes = appModules(engine.storage.writer);
    return { config: { functions: "convex/" }, moduleHashes, nodeDependencies: [], udfServerVersion: version };
  }

  /** What the endpoints answer as JSON. */
  const answers: { [endpoint: Route["at"]]: (request: ApiRequest) => unknown } = {
    "POST /api/get_config_hashes": configHashes,
    // Feeds advice about slow backfills of large tables in the cloud; checkPush does the work here in one go.
    "POST /api/deploy2/evaluate_schema": () => ({ componentSchemaEvaluations: {}, newComponentDefinitions: [] }),
    "POST /api/deploy2/start_push": start,
    "POST /api/deploy2/wait_for_schema": waitForSchema,
    "POST /api/deploy2/finish_push": finish,
    "POST /api/deploy2/report_push_completed": async (request) => {
      await request.body(jsonValue, LIMITS.adminBody);
      return null;
    },
    "POST /api/update_environment_variables": setEnvironment,
    "GET /api/v1/get_canonical_urls": () => ({
      convexCloudUrl: engine.options.cloudUrl,
      convexSiteUrl: engine.options.siteUrl,
    }),
    "GET /api/stream_function_logs": streamLogs,
  };
  const routes = Object.entries(answers).map(([at, answer]): Route => ({
    at,
    access: "admin",
    handle: async (request) => json(await answer(request)),
  }));

  return { routes, close: () => prepared.clear() };
}
