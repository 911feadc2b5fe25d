/** One hosted OpenClaw's service API, without the machine it runs on. */
export { type RuntimeAppOptions, createRuntimeApp } from "./app.ts";
export { type InstanceSettings, instanceSettings } from "./env.ts";
export type { Events, Gateway, Logs, RuntimeInfo, ServiceTokens, Storage } from "./ports.ts";
export { redact } from "./redact.ts";
