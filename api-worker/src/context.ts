import type { Context } from "hono";
import type { Config } from "./config.ts";
import type { ControlClient } from "./control/client.ts";
import type { CreditDesks } from "./credits/desk.ts";
import type { Fleet } from "./fleet/fleet.ts";
import type { CodeNames } from "./wire.ts";

/** What wrangler binds: the website's files, the desks of credits, and the variables of `env.ts` (read only there). */
export interface Bindings {
  ASSETS?: { fetch(request: Request): Promise<Response> };
  CREDIT_DESK?: CreditDesks;
  [name: string]: unknown;
}

export interface AppEnv {
  Bindings: Bindings;
  Variables: {
    requestId: string;
    /** Set by a route that has names of its own for errors. */
    codeNames?: CodeNames;
  };
}

export type AppContext = Context<AppEnv>;

/** What a handler works with; made for each request, so that its id travels on every hop. */
export interface Services {
  config: Config;
  control: ControlClient;
  fleet: Fleet;
}
