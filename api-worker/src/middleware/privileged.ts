import {
  ApiError,
  FLEET_KEY_HEADER,
  INTERNAL_KEY_HEADER,
  PRIVILEGED_HEADER_PREFIX,
  USER_ID_HEADER,
} from "@oa/contract";
import { createMiddleware } from "hono/factory";
import type { AppContext, AppEnv } from "../context.ts";
import { requireConfig } from "./configured.ts";
import { secretEqual } from "../secretEqual.ts";

/**
 * `x-oa-*` headers carry authority. From a caller who has not proved the key they are refused on every route, public ones
 * and pages included: one that were merely ignored here could be believed by whatever stands behind.
 * - the right internal key: any of them;
 * - the right fleet key: that header alone;
 * - a wrong key: 401; no key: 403.
 */
export const refusePrivilegedHeaders = createMiddleware<AppEnv>(async (c, next) => {
  const names = privilegedNames(c);
  if (names.length > 0) {
    if (names.includes(lower(INTERNAL_KEY_HEADER))) {
      if (!hasInternalKey(c)) throw new ApiError("unauthorized", `The ${INTERNAL_KEY_HEADER} header is not right.`);
    } else if (names.includes(FLEET_KEY_HEADER)) {
      if (!hasFleetKey(c)) throw new ApiError("unauthorized", `The ${FLEET_KEY_HEADER} header is not right.`);
      if (names.length > 1)
        throw new ApiError("forbidden", `A fleet may send no ${PRIVILEGED_HEADER_PREFIX}* header but its key.`);
    } else {
      throw new ApiError(
        "forbidden",
        `${PRIVILEGED_HEADER_PREFIX}* headers are for callers with ${INTERNAL_KEY_HEADER}. Leave them out.`,
      );
    }
  }
  await next();
});

/** True when the request carries the right `X-OA-Internal-Key`. */
export function hasInternalKey(c: AppContext): boolean {
  return secretEqual(c.req.header(INTERNAL_KEY_HEADER) ?? "", requireConfig(c).internalKey);
}

/** True when the request carries the right fleet key. */
export function hasFleetKey(c: AppContext): boolean {
  const { fleetKey } = requireConfig(c);
  return fleetKey !== null && secretEqual(c.req.header(FLEET_KEY_HEADER) ?? "", fleetKey);
}

/** The user a caller with the internal key acts for, as sent; undefined where the header is missing. */
export function namedUser(c: AppContext): string | undefined {
  return c.req.header(USER_ID_HEADER);
}

function privilegedNames(c: AppContext): string[] {
  return [...c.req.raw.headers.keys()].map(lower).filter((name) => name.startsWith(PRIVILEGED_HEADER_PREFIX));
}

function lower(name: string): string {
  return name.toLowerCase();
}
