import type { Route } from "../route.ts";
import { billingRoutes } from "./billing.ts";
import { deviceRoutes } from "./devices.ts";
import { instanceRoutes } from "./instance.ts";
import { internalRoutes } from "./internal.ts";
import { runtimeRoutes } from "./runtime.ts";
import { systemRoutes } from "./system.ts";
import { webRoutes } from "./web.ts";

/** Every route there is. What is not in this table answers 404; what is has a gate. */
export const ROUTES: readonly Route[] = [
  ...systemRoutes(() => ROUTES),
  ...instanceRoutes,
  ...runtimeRoutes,
  ...deviceRoutes,
  ...billingRoutes,
  ...internalRoutes,
  ...webRoutes,
];
