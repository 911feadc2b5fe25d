import { createFileRoute, redirect } from "@tanstack/react-router";
import { sessionQuery } from "../lib/queries.ts";

/** Pages where a person who is signed in says yes or no to something outside: one card, no sidebar, no live connection. */
export const Route = createFileRoute("/_confirm")({
  beforeLoad: async ({ context, location }) => {
    const { user } = await context.queryClient.ensureQueryData(sessionQuery());
    if (user === null) throw redirect({ to: "/sign-in", search: { next: location.href } });
    return { user };
  },
});
