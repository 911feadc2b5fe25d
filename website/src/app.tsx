import "@mantine/core/styles.css";
import { MantineProvider } from "@mantine/core";
import { MutationCache, QueryCache, QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { type RouterHistory, RouterProvider } from "@tanstack/react-router";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { focusHeading } from "./lib/focusHeading.ts";
import { goToSignIn } from "./lib/goToSignIn.ts";
import { keepFocus } from "./lib/keepFocus.ts";
import type { ConnectLive, LiveSource } from "./lib/live.tsx";
import { configQuery, sessionQuery } from "./lib/queries.ts";
import { isSignedOut, RequestError } from "./lib/requestError.ts";
import { type AppRouter, createAppRouter } from "./router.tsx";
import { cssVariablesResolver, theme } from "./theme.ts";

interface AppOptions {
  connectLive: ConnectLive;
  /** The browser's address bar where none is given. */
  history?: RouterHistory;
}

/** Puts the page into `#root`. Asks at once who is signed in and what the installation is, beside loading the route's code. */
export function startApp({ connectLive, history }: AppOptions): void {
  const onError = (error: Error) => {
    if (isSignedOut(error) && onPrivatePage(router)) goToSignIn();
  };
  const queryClient = new QueryClient({
    queryCache: new QueryCache({ onError }),
    mutationCache: new MutationCache({ onError }),
    defaultOptions: { queries: { retry: shouldRetry, retryDelay: 800 } },
  });
  const router = createAppRouter({ queryClient, connectLive: once(connectLive) }, history);
  // The first page of a visit leaves the focus where the browser put it.
  router.subscribe("onRendered", ({ fromLocation, pathChanged }) => {
    if (fromLocation !== undefined && pathChanged) focusHeading();
  });
  keepFocus();
  void queryClient.prefetchQuery(sessionQuery());
  void queryClient.prefetchQuery(configQuery());
  const root = document.querySelector("#root");
  if (root === null) throw new Error("the page has no #root");
  createRoot(root).render(
    <StrictMode>
      <QueryClientProvider client={queryClient}>
        <MantineProvider theme={theme} cssVariablesResolver={cssVariablesResolver} defaultColorScheme="auto">
          <RouterProvider router={router} />
        </MantineProvider>
      </QueryClientProvider>
    </StrictMode>,
  );
}

/** On the sign-in page `unauthorized` means a wrong password and belongs to the form. */
function onPrivatePage(router: AppRouter): boolean {
  return router.state.matches.some(({ routeId }) => routeId === "/_app" || routeId === "/_confirm");
}

/** Once more when nothing was reached; a refusal stays one. */
function shouldRetry(failures: number, error: Error): boolean {
  return failures < 1 && error instanceof RequestError && (error.code === "offline" || error.code === "timeout");
}

/** One live connection a document; a failed attempt may be made again. */
function once(connect: ConnectLive): ConnectLive {
  let opened: Promise<LiveSource> | null = null;
  return (config, queryClient) => {
    opened ??= connect(config, queryClient).catch((error: unknown) => {
      opened = null;
      throw error;
    });
    return opened;
  };
}
