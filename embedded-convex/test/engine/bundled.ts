/** The official bundler's output as the engine's definitions, and those definitions in a file. */
import { z } from "zod";
import type { PushedDefinition, PushedModule } from "../../src/engine/types.ts";
import { parseJson } from "../../src/engine/values/json.ts";

const moduleShape = z
  .object({
    path: z.string(),
    source: z.string(),
    sourceMap: z.string().optional(),
    environment: z.enum(["isolate", "node"]),
  })
  .transform(({ sourceMap, ...module }): PushedModule => (sourceMap === undefined ? module : { ...module, sourceMap }));

const common = { dependencies: z.array(z.string()), schema: moduleShape.nullable(), udfServerVersion: z.string() };

const pushRequest = z.object({
  appDefinition: z.object({ ...common, definition: moduleShape.nullable(), changedModules: z.array(moduleShape) }),
  componentDefinitions: z.array(
    z.object({ ...common, definitionPath: z.string(), definition: moduleShape, functions: z.array(moduleShape) }),
  ),
});

/** From the text of `convex deploy --write-push-request`. */
export function fromPushRequest(text: string): PushedDefinition[] {
  const { appDefinition, componentDefinitions } = pushRequest.parse(parseJson(text));
  const { changedModules, ...app } = appDefinition;
  return [
    { ...app, definitionPath: "", modules: changedModules },
    ...componentDefinitions.map(({ functions, ...component }) => Object.assign({ modules: functions }, component)),
  ];
}

/** From the JSON text of definitions. */
export function readDefinitions(text: string): PushedDefinition[] {
  const definition = z.object({
    ...common,
    definitionPath: z.string(),
    definition: moduleShape.nullable(),
    modules: z.array(moduleShape),
  });
  return z.array(definition).parse(parseJson(text));
}
