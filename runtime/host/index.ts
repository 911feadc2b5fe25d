/** The Node host: one process that runs real OpenClaw gateways and serves their APIs. */
export { type RunningHost, startHost } from "./host.ts";
export { type Log, createLog } from "./log.ts";
export { type HostOptions, OptionsError, parseOptions } from "./options.ts";
