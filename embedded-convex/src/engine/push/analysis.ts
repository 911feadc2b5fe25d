/**
 * What is pushed, and what evaluating it found, in the wire's own form (`/api/deploy2/start_push`): the CLI makes types
 * from it, and the database keeps it with the push. Only what the engine reads is described; the rest passes through.
 */
import { z } from "zod";
import { cronSpec } from "../schedule/cron-spec.ts";

const environment = z.enum(["isolate", "node"]);

/** One module of a push, as the official bundler made it. */
export const pushedModule = z.object({
  path: z.string(),
  source: z.string(),
  sourceMap: z.string().nullish(),
  environment,
});

/** One definition of a push: the app (definitionPath "") or a component. */
export const pushedDefinition = z.object({
  definitionPath: z.string(),
  /** Bundled `convex.config.js`, or null where the app has none. */
  definition: pushedModule.nullable(),
  /** Definition paths this one imports. */
  dependencies: z.array(z.string()),
  schema: pushedModule.nullable(),
  functions: z.array(pushedModule),
});

const analyzedFunction = z.object({
  name: z.string(),
  pos: z.null(),
  udfType: z.enum(["Query", "Mutation", "Action"]),
  visibility: z.object({ kind: z.enum(["public", "internal"]) }),
  /** Validator JSON text. */
  args: z.string(),
  returns: z.string(),
});

const moduleAnalysis = z.object({
  functions: z.array(analyzedFunction),
  httpRoutes: z.json(),
  cronSpecs: z.array(z.tuple([z.string(), cronSpec])).nullable(),
  sourceMapped: z.null(),
});

/** Where a component's variable comes from: a value of its own, or a variable of its parent. */
const envBinding = z.discriminatedUnion("type", [
  z.object({ type: z.literal("value"), value: z.string() }),
  z.object({ type: z.literal("envVar"), name: z.string() }),
]);

/** What `defineApp` and `defineComponent` export. */
export const componentDefinition = z.looseObject({
  name: z.string().optional(),
  childComponents: z
    .array(z.object({ name: z.string(), path: z.string(), env: z.array(z.tuple([z.string(), envBinding])).nullish() }))
    .default([]),
  httpMounts: z.record(z.string(), z.string()).default({}),
  httpPrefix: z.string().optional(),
});

const definitionAnalysis = z.object({
  definition: componentDefinition,
  /** What `defineSchema` exports; null without a schema. */
  schema: z.json(),
  functions: z.record(z.string(), moduleAnalysis),
  /** Auth providers, from `auth.config.js`; only the app has any. */
  auth: z.array(z.json()),
});

const moduleFile = z.object({ path: z.string(), hash: z.string(), environment });

/** The live push as the database keeps it, by definition path. */
export const pushRecord = z.record(z.string(), z.object({ analysis: definitionAnalysis, files: z.array(moduleFile) }));

export type PushedModule = z.infer<typeof pushedModule>;
export type PushedDefinition = z.infer<typeof pushedDefinition>;
export type ModuleFile = z.infer<typeof moduleFile>;
export type ModuleAnalysis = z.infer<typeof moduleAnalysis>;
export type DefinitionAnalysis = z.infer<typeof definitionAnalysis>;
export type EnvBinding = z.infer<typeof envBinding>;
export type PushRecord = z.infer<typeof pushRecord>;
