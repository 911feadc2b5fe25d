import { availableParallelism } from "node:os";

/**
 * `maxWorkers` of every vitest project that does not run alone; a project in a file of its own inherits none, and vitest runs no two
 * beside each other that differ in it. One more than there are cores: suites with real servers, browsers and gateways wait for half of
 * their time. No more than five: a stack with its gateway and its browser takes about 1.5 GB.
 */
export const MAX_WORKERS = Math.min(5, availableParallelism() + 1);
