/** embedded-convex: a durable Convex backend in one process on node:sqlite. */
export { startServer, type RunningServer, type ServerOptions } from "./server/server.ts";
export type { Engine } from "./engine/engine.ts";
