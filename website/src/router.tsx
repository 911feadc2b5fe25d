import type { QueryClient } from "@tanstack/react-query";
import { createRouter, type RouterHistory } from "@tanstack/react-router";
import { ErrorPage } from "./components/layout/ErrorPage.tsx";
import { NotFoundPage } from "./components/layout/NotFoundPage.tsx";
import { PendingPage } from "./components/layout/PendingPage.tsx";
import type { ConnectLive } from "./lib/live.tsx";
import { parseSearch, stringifySearch } from "./lib/searchParams.ts";
import { routeTree } from "./routeTree.gen.ts";

/** What routes may use besides their own parameters. */
export interface RouterContext {
  queryClient: QueryClient;
  connectLive: ConnectLive;
}

export function createAppRouter(context: RouterContext, history?: RouterHistory) {
  return createRouter({
    routeTree,
    context,
    ...(history === undefined ? {} : { history }),
    defaultPreload: "intent",
    defaultPendingMs: 150,
    defaultPendingMinMs: 200,
    defaultPendingComponent: PendingPage,
    defaultErrorComponent: ErrorPage,
    defaultNotFoundComponent: NotFoundPage,
    scrollRestoration: true,
    parseSearch,
    stringifySearch,
  });
}
export type AppRouter = ReturnType<typeof createAppRouter>;

declare module "@tanstack/react-router" {
  interface Register {
    router: AppRouter;
  }
}
