import { createFileRoute, redirect } from "@tanstack/react-router";
import * as z from "zod";
import { editorAuthorizePath } from "../lib/editorPath.ts";
import { DEFAULT_NEXT } from "../lib/safeNext.ts";

/** The address the editor opens (`?ref=occ-editor&state=…`): on to the sign-up page, and from there to "Open the editor". */
export const Route = createFileRoute("/signup")({
  validateSearch: z.object({
    ref: z.string().optional().catch(undefined),
    state: z.string().max(200).optional().catch(undefined),
  }),
  beforeLoad: ({ search }) => {
    const next = search.ref === "occ-editor" ? editorAuthorizePath(search.state) : DEFAULT_NEXT;
    throw redirect({ to: "/sign-up", search: { next }, replace: true });
  },
});
