import { SignInProblem } from "@oa/contract/accountsApi";
import * as z from "zod";
import { safeNext } from "./safeNext.ts";

/**
 * `?next=` of the sign-in and sign-up pages: anything but a path of this site is dropped. `?error=`: why a sign-in with
 * a provider did not happen.
 */
export const AuthSearch = z.object({
  next: z.string().transform(safeNext).optional().catch(undefined),
  error: SignInProblem.optional().catch(undefined),
});

/** True where signing in leads on to the editor: the page then says so. */
export function leadsToEditor(next: string | undefined): boolean {
  return next !== undefined && /^\/editor\/authorize(?:\?|$)/.test(next);
}
