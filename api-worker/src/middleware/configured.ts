import { ApiError } from "@oa/contract";
import type { Config } from "../config.ts";
import { readConfig } from "../config.ts";
import type { AppContext } from "../context.ts";

/**
 * The configuration of this deployment.
 *
 * @throws ApiError `not_configured`, naming each variable that is missing or malformed and never a value.
 */
export function requireConfig(c: AppContext): Config {
  const result = readConfig(c.env);
  if (result.ok) return result.config;
  const sentence = result.problems.map(({ variable, message }) => `${variable} ${message}`).join("; ");
  throw new ApiError("not_configured", `The Worker is not configured: ${sentence}.`, { variables: result.problems });
}
