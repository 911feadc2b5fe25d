/**
 * What the official CLI sends to push code (`/api/deploy2/*`, convex 1.48), and what it wants back. Only the fields
 * that are used are checked; others may come and go with the CLI's versions.
 */
import { version } from "convex";
import { z } from "zod";
import type { Push } from "../engine/push/push.ts";
import { EngineError, type PushedDefinition, type PushedModule } from "../engine/types.ts";

const moduleConfig = z.object({
  path: z.string(),
  source: z.string(),
  sourceMap: z.string().nullish(),
  environment: z.enum(["isolate", "node"]),
});

const moduleHash = z.object({ path: z.string(), environment: z.enum(["isolate", "node"]), sha256: z.string() });

/** Body of `start_push` and `evaluate_schema`. */
export const startPushBody = z.object({
  dryRun: z.boolean().default(false),
  functions: z.string(),
  appDefinition: z.object({
    definition: moduleConfig.nullable(),
    dependencies: z.array(z.string()),
    schema: moduleConfig.nullable(),
    changedModules: z.array(moduleConfig),
    unchangedModuleHashes: z.array(moduleHash),
    udfServerVersion: z.string(),
  }),
  componentDefinitions: z.array(
    z.object({
      definitionPath: z.string(),
      definition: moduleConfig,
      dependencies: z.array(z.string()),
      schema: moduleConfig.nullable(),
      functions: z.array(moduleConfig),
      udfServerVersion: z.string(),
    }),
  ),
});
type StartPushBody = z.infer<typeof startPushBody>;

/** The part of `start_push`'s answer that comes back in the later steps and names the push. */
const schemaChange = z.object({ schemaIds: z.object({ push: z.string() }) });

/** Body of `wait_for_schema`. */
export const waitForSchemaBody = z.object({ schemaChange, timeoutMs: z.number().min(0).max(60_000).default(10_000) });

/** Body of `finish_push`. */
export const finishPushBody = z.object({ startPush: z.object({ schemaChange }), dryRun: z.boolean().default(false) });

/** Body of `update_environment_variables`. */
export const environmentBody = z.object({
  changes: z.array(z.object({ name: z.string(), value: z.string().nullish() })),
});

/**
 * The definitions of a push, the app's first.
 * @param live Finds a module of the live push that the CLI knows to be unchanged and did not send.
 * @throws EngineError 409 when there is no such module: another push came between.
 */
export function definitionsOf(
  body: StartPushBody,
  live: (path: string, hash: string) => PushedModule | null,
): PushedDefinition[] {
  const { appDefinition: app, componentDefinitions } = body;
  const unchanged = app.unchangedModuleHashes.map(({ path, sha256 }) => {
    const module = live(path, sha256);
    if (module !== null) return module;
    throw new EngineError("RaceDetected", `Another push changed ${path} meanwhile. Push again.`, 409);
  });
  return [
    {
      definitionPath: "",
      definition: moduleOf(app.definition),
      dependencies: app.dependencies,
      schema: moduleOf(app.schema),
      modules: [...app.changedModules.map(pushedModule), ...unchanged],
      udfServerVersion: app.udfServerVersion,
    },
    ...componentDefinitions.map((component) => ({
      definitionPath: component.definitionPath,
      definition: pushedModule(component.definition),
      dependencies: component.dependencies,
      schema: moduleOf(component.schema),
      modules: component.functions.map(pushedModule),
      udfServerVersion: component.udfServerVersion,
    })),
  ];
}

function moduleOf(module: z.infer<typeof moduleConfig> | null): PushedModule | null {
  return module === null ? null : pushedModule(module);
}

function pushedModule({ path, source, sourceMap, environment }: z.infer<typeof moduleConfig>): PushedModule {
  return { path, source, environment, ...(typeof sourceMap === "string" ? { sourceMap } : {}) };
}

/** The answer to `start_push`. */
export function startPushReply(push: Push): object {
  const analysis = [...push.definitions].map(([path, { definition, schema, functions }]) => {
    // Imports are evaluated with a fixed clock and seed; the CLI asks for the fields and uses neither.
    const udfConfig = { serverVersion: version, importPhaseRngSeed: null, importPhaseUnixTimestamp: null };
    return [path, { definition, schema, functions, udfConfig }] as const;
  });
  return {
    // The CLI sends these back in finish_push to notice a race; variables are read when a function runs, so none can be.
    environmentVariables: {},
    externalDepsId: null,
    componentDefinitionPackages: {},
    appAuth: push.definitions.get("")?.auth ?? [],
    analysis: Object.fromEntries(analysis),
    app: push.app,
    schemaChange: { allocatedComponentIds: {}, schemaIds: { push: push.id } },
  };
}
