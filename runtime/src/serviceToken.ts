import { ApiError, SERVICE_TOKEN_HEADER } from "@oa/contract";
import { createMiddleware } from "hono/factory";
import { timingSafeEqual } from "hono/utils/buffer";
import type { ServiceTokens } from "./ports.ts";

/**
 * Only the control plane passes: `X-OpenAgents-Service-Token` must be the instance's own token. Both sides are hashed and
 * every accepted token is compared, so the time taken tells nothing about how near a guess was.
 */
export function requireServiceToken(tokens: ServiceTokens) {
  return createMiddleware(async (c, next) => {
    const given = c.req.header(SERVICE_TOKEN_HEADER) ?? "";
    let matched: string | undefined;
    for (const token of tokens.accepted()) {
      if (await timingSafeEqual(given, token)) matched = token;
    }
    if (matched === undefined) throw serviceTokenRefused();
    tokens.used(matched);
    await next();
  });
}

/** One answer for a missing token, a wrong one and an instance that does not exist. */
export function serviceTokenRefused(): ApiError {
  return new ApiError("unauthorized", `Send the instance's service token in ${SERVICE_TOKEN_HEADER}.`);
}
