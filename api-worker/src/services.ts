import { controlClient } from "./control/client.ts";
import type { AppContext, Services } from "./context.ts";
import { fleetOf } from "./fleet/fleet.ts";
import { requireConfig } from "./middleware/configured.ts";

/**
 * The parts a request works with, made from the configuration; cheap, so each request has its own.
 *
 * @throws ApiError `not_configured`
 */
export function servicesFor(c: AppContext): Services {
  const config = requireConfig(c);
  return { config, control: controlClient(config, c.get("requestId")), fleet: fleetOf(config) };
}
