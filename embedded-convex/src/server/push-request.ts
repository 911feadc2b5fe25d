/**
 * What the official CLI sends to push code (`/api/deploy2/*`, convex 1.48), and what it wants back. Only the fields
 * that are used are checked; others may come and go with the CLI's versions.
 */
import { version } from "convex";
import { z } from "zod";
import type { Code } from "../engine/functions/code.ts";
import { pushedDefinition, pushedModule, type PushedDefinition, type PushedModule } from "../engine/push/analysis.ts";
import type { Push } from "../engine/push/push.ts";
import { EngineError } from "../engine/types.ts";

/** Body of `start_push`. */
export const startPushBody = z.object({
  dryRun: z.boolean().default(false),
  appDefinition: pushedDefinition.omit({ definitionPath: true, functions: true }).extend({
    changedModules: z.array(pushedModule),
    unchangedModuleHashes: z.array(z.object({ path: z.string(), sha256: z.string() })),
  }),
  componentDefinitions: z.array(pushedDefinition),
});

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
  { appDefinition: app, componentDefinitions }: z.infer<typeof startPushBody>,
  live: (path: string, hash: string) => PushedModule | null,
): PushedDefinition[] {
  const unchanged = app.unchangedModuleHashes.map(({ path, sha256 }) => {
    const module = live(path, sha256);
    if (module !== null) return module;
    throw new EngineError("RaceDetected", `Another push changed ${path} meanwhile. Push again.`, 409);
  });
  return [{ ...app, definitionPath: "", functions: [...app.changedModules, ...unchanged] }, ...componentDefinitions];
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
    appAuth: push.code.auth,
    analysis: Object.fromEntries(analysis),
    app: componentTree(push.code, ""),
    schemaChange: { allocatedComponentIds: {}, schemaIds: { push: push.id } },
  };
}

/** A component and those below it. */
function componentTree(code: Code, path: string): object {
  const { definitionPath = "", children = new Map<string, string>() } = code.components.get(path) ?? {};
  return {
    definitionPath,
    componentPath: path,
    args: {},
    childComponents: Object.fromEntries([...children].map(([name, child]) => [name, componentTree(code, child)])),
    httpRoutes: { httpModuleRoutes: null, mounts: [] },
    exports: {},
  };
}
