import type { HttpBindings } from "@hono/node-server";

/** Hono's environment in a double: the raw Node request and response, because a double must be able to cut a connection. */
export interface DoubleEnv {
  Bindings: HttpBindings;
}

/** How an outside service words an error, so that a double's faults look like its own. */
export type ErrorAnswer = (status: number, message: string) => { body: string; contentType: string };
