import { issuesOf } from "@oa/contract/envelope";
import * as z from "zod";
import { RequestError } from "./requestError.ts";

const Issues = z.object({ issues: z.array(z.object({ path: z.string(), message: z.string() })) });

/** What our account forms have fields for. */
const FIELDS: ReadonlySet<string> = new Set(["email", "password", "current_password", "new_password"]);

/** Checks a form with a schema of the contract before it is sent; a form of `@mantine/form` takes it as `validate`. */
export function validateWith(schema: z.ZodType): (values: unknown) => Record<string, string> {
  return (values) => {
    const parsed = schema.safeParse(values);
    return parsed.success ? {} : atFields(issuesOf(parsed.error));
  };
}

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
  return atFields(parsed.data.issues.filter(({ path }) => FIELDS.has(path)));
}

/** The first message of each field, in the order of the fields. */
function atFields(issues: readonly { path: string; message: string }[]): Record<string, string> {
  const errors: Record<string, string> = {};
  for (const { path, message } of issues) errors[path] ??= sentence(message);
  return errors;
}

/** The contract's messages are parts of sentences; at a field they stand alone. */
function sentence(message: string): string {
  return message.charAt(0).toUpperCase() + message.slice(1);
}
