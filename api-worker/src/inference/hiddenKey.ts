import type { Upstream } from "../inferenceConfig.ts";

/** Shorter ones are no secrets ("none", "EMPTY"), and would be found in words. */
const SHORTEST_KEY = 8;

/**
 * Takes the upstream's own key out of whatever it answers: some repeat it in their errors, and those of many vendors look like nothing
 * in particular.
 */
export function keyHider({ apiKey }: Pick<Upstream, "apiKey">): (text: string) => string {
  return (text) => (apiKey.length < SHORTEST_KEY ? text : text.replaceAll(apiKey, "[…]"));
}
