import * as z from "zod";
import { RequestError } from "./requestError.ts";

const Issues = z.object({ issues: z.array(z.object({ path: z.string(), message: z.string() })) });

/**
 * What of a refused account form belongs to a field. Empty when it concerns the form as a whole (a wrong password, for
 * example, is never pinned to the e-mail or the password: that would tell which of them is known).
 */
export function fieldErrors(error: unknown): Record<string, string> {
  if (!(error instanceof RequestError)) return {};
  if (error.code === "taken") return { email: "There is already an account with this e-mail. Sign in instead." };
  if (error.code !== "invalid_request" && error.code !== "unprocessable") return {};
  const parsed = Issues.safeParse(error.details);
  if (!parsed.success) return {};
  const known = parsed.data.issues.filter(({ path }) => path === "email" || path === "password");
  return Object.fromEntries(known.toReversed().map(({ path, message }) => [path, message]));
}
