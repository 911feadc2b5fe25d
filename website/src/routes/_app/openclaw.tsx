import { createFileRoute, Outlet } from "@tanstack/react-router";

/** `/openclaw` and the pages below it. The overview is `openclaw.index.tsx`, because a route file with children is their frame. */
export const Route = createFileRoute("/_app/openclaw")({ component: Outlet });
