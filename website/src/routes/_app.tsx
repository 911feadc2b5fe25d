import "@mantine/notifications/styles.css";
import { Notifications } from "@mantine/notifications";
import { createFileRoute, Outlet, redirect } from "@tanstack/react-router";
import { AppFrame } from "../components/layout/AppFrame.tsx";
import { LiveProvider } from "../lib/live.tsx";
import { configQuery, sessionQuery } from "../lib/queries.ts";

/** Everything below needs a session; the live connection is opened before the first page shows. */
export const Route = createFileRoute("/_app")({
  beforeLoad: async ({ context, location }) => {
    const { user } = await context.queryClient.ensureQueryData(sessionQuery());
    if (user === null) throw redirect({ to: "/sign-in", search: { next: location.href } });
    return { user };
  },
  loader: async ({ context }) => {
    const config = await context.queryClient.ensureQueryData(configQuery());
    return { config, live: await context.connectLive(config, context.queryClient), user: context.user };
  },
  staleTime: Infinity,
  component: PrivatePages,
});

function PrivatePages() {
  const { config, live, user } = Route.useLoaderData();
  return (
    <LiveProvider source={live}>
      <AppFrame user={user} config={config}>
        <Outlet />
      </AppFrame>
      <Notifications position="bottom-right" limit={3} />
    </LiveProvider>
  );
}
