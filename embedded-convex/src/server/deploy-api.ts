/** The endpoints the official CLI deploys with. All need the admin key. */
import { version } from "convex";
import { z } from "zod";
import { EngineError, SchemaValidationError, type Engine, type Json, type PreparedPush } from "../engine/types.ts";
import { json, LIMITS } from "./http.ts";
import { parseProviders } from "./jwt.ts";
import type { LogStream } from "./log-stream.ts";
import {
  anyBody,
  definitionsOf,
  environmentBody,
  finishPushBody,
  startPushBody,
  startPushReply,
  waitForSchemaBody,
} from "./push-request.ts";
import type { Route } from "./routes.ts";

/** A started push that nobody finishes is forgotten after this long, in milliseconds. */
const PUSH_TTL_MS = 30 * 60_000;
/** Prepared pushes hold their bundles in memory; a CLI has one at a time. */
const MAX_PREPARED = 4;

export interface DeployApi {
  routes: Route[];
  close(): void;
}

interface Started {
  push: PreparedPush;
  timer: NodeJS.Timeout;
  /** Null until someone waits for it. */
  check: Promise<SchemaStatus> | null;
}

/** How far the rows' check and the indexes' filling are, in the CLI's words. */
type SchemaStatus =
  | { type: "complete" }
  | { type: "failed"; error: string; componentPath: string; tableName: string }
  | { type: "inProgress"; components: { [path: string]: Json } };

export function createDeployApi(engine: Engine, logs: LogStream): DeployApi {
  const prepared = new Map<string, Started>();

  function forget(id: string): void {
    const known = prepared.get(id);
    if (known === undefined) return;
    prepared.delete(id);
    clearTimeout(known.timer);
    engine.discardPush(known.push);
  }

  function remember(push: PreparedPush): void {
    const oldest = prepared.keys().next();
    if (prepared.size >= MAX_PREPARED && oldest.done === false) forget(oldest.value);
    prepared.set(push.id, { push, check: null, timer: setTimeout(() => forget(push.id), PUSH_TTL_MS).unref() });
  }

  function find(id: string): Started {
    const found = prepared.get(id);
    if (found === undefined) throw new EngineError("UnknownPush", "This push is not known any more; push again.", 410);
    return found;
  }

  async function check(push: PreparedPush): Promise<SchemaStatus> {
    try {
      await engine.checkPush(push);
      return { type: "complete" };
    } catch (error) {
      forget(push.id);
      if (!(error instanceof SchemaValidationError)) throw error;
      return { type: "failed", error: error.detail, componentPath: error.component, tableName: error.table };
    }
  }

  async function wait(started: Started, timeoutMs: number): Promise<SchemaStatus> {
    started.check ??= check(started.push);
    const late = Promise.withResolvers<SchemaStatus>();
    const unfinished = { schemaValidationComplete: false, indexesComplete: 0, indexesTotal: 0 };
    const timer = setTimeout(() => late.resolve({ type: "inProgress", components: { "": unfinished } }), timeoutMs);
    return Promise.race([started.check, late.promise]).finally(() => clearTimeout(timer));
  }

  const routes: Route[] = [
    {
      method: "POST",
      path: "/api/get_config_hashes",
      access: "admin",
      handle: async () =>
        json({
          config: { functions: "convex/" },
          moduleHashes: engine.moduleHashes(),
          nodeDependencies: [],
          udfServerVersion: version,
        }),
    },
    {
      method: "POST",
      path: "/api/deploy2/evaluate_schema",
      access: "admin",
      // Feeds advice about slow backfills of large tables in the cloud; checkPush does the work here in one go.
      handle: async () => json({ componentSchemaEvaluations: {}, newComponentDefinitions: [] }),
    },
    {
      method: "POST",
      path: "/api/deploy2/start_push",
      access: "admin",
      async handle(request) {
        const body = await request.body(startPushBody, LIMITS.pushBody);
        const push = await engine.preparePush(
          definitionsOf(body, (path, hash) => engine.pushedModule(path, hash)),
          { dryRun: body.dryRun },
        );
        parseProviders(push.definitions.get("")?.auth ?? []);
        remember(push);
        return json(startPushReply(push));
      },
    },
    {
      method: "POST",
      path: "/api/deploy2/wait_for_schema",
      access: "admin",
      async handle(request) {
        const { schemaChange, timeoutMs } = await request.body(waitForSchemaBody, LIMITS.pushBody);
        return json(await wait(find(schemaChange.schemaIds.push), timeoutMs));
      },
    },
    {
      method: "POST",
      path: "/api/deploy2/finish_push",
      access: "admin",
      async handle(request) {
        const { startPush, dryRun } = await request.body(finishPushBody, LIMITS.pushBody);
        const { push } = find(startPush.schemaChange.schemaIds.push);
        const before = engine.authConfig().map((provider) => JSON.stringify(provider));
        try {
          if (!dryRun) await engine.commitPush(push);
        } finally {
          forget(push.id);
        }
        const after = (push.definitions.get("")?.auth ?? []).map((provider) => JSON.stringify(provider));
        const authDiff = {
          added: after.filter((provider) => !before.includes(provider)),
          removed: before.filter((provider) => !after.includes(provider)),
        };
        return json({ authDiff, definitionDiffs: {}, componentDiffs: {} });
      },
    },
    {
      method: "POST",
      path: "/api/deploy2/report_push_completed",
      access: "admin",
      async handle(request) {
        await request.body(anyBody, LIMITS.adminBody);
        return json(null);
      },
    },
    {
      method: "POST",
      path: "/api/update_environment_variables",
      access: "admin",
      async handle(request) {
        const { changes } = await request.body(environmentBody, LIMITS.adminBody);
        await engine.setEnvironment(changes.map(({ name, value }) => ({ name, value: value ?? null })));
        return json(null);
      },
    },
    {
      method: "GET",
      path: "/api/v1/get_canonical_urls",
      access: "admin",
      handle: async () => json({ convexCloudUrl: engine.options.cloudUrl, convexSiteUrl: engine.options.siteUrl }),
    },
    {
      method: "GET",
      path: "/api/stream_function_logs",
      access: "admin",
      async handle({ url, signal }) {
        const cursor = z.coerce.number().min(0).catch(0).parse(url.searchParams.get("cursor"));
        return json(await logs.poll(cursor, signal));
      },
    },
  ];

  return {
    routes,
    close() {
      for (const id of [...prepared.keys()]) forget(id);
    },
  };
}
