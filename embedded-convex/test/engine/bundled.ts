/** The official bundler's output as the engine's definitions, and those definitions in a file. */
import { z } from "zod";
import { pushedDefinition, type PushedDefinition } from "../../src/engine/push/analysis.ts";
import { parseJson } from "../../src/engine/values/json.ts";
import { definitionsOf, startPushBody } from "../../src/server/push-request.ts";

/** From the text of `convex deploy --write-push-request`, which holds every module. */
export function fromPushRequest(text: string): PushedDefinition[] {
  return definitionsOf(startPushBody.parse(parseJson(text)), () => null);
}

/** From the JSON text of definitions. */
export function readDefinitions(text: string): PushedDefinition[] {
  return z.array(pushedDefinition).parse(parseJson(text));
}
