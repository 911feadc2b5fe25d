/** The doubles, for the local stack and for tests. Each is also a command: `node <folder>/main.ts --help`. */
export type { Double } from "./kit/double.ts";
export { startGithubDouble, type GithubDoubleOptions } from "./github/github.ts";
export { startGoogleDouble, type GoogleDoubleOptions } from "./google/google.ts";
export { startOutboxDouble, type OutboxDoubleOptions } from "./outbox/outbox.ts";
export { startUpstreamDouble, type UpstreamDoubleOptions } from "./upstream/upstream.ts";
