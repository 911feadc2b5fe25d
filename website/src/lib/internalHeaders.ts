import { INTERNAL_KEY_HEADER, SERVICE_TOKEN_HEADER, USER_ID_HEADER } from "@oa/contract/headers";
import { UserId } from "@oa/contract/ids";

/**
 * Headers with which one server calls another. Everything that is a secret or names a user is an argument: a helper
 * that read a user from the environment would act as that one user for every visitor.
 *
 * The page itself never uses these; its requests carry the session cookie.
 */

/** Gate of `/api/openclaw/*` for service callers, and the user they act for. Throws when either is empty or malformed. */
export function buildInternalHeaders(internalKey: string, userId: string): Record<string, string> {
  return {
    [INTERNAL_KEY_HEADER]: headerValue("the internal key", internalKey),
    [USER_ID_HEADER]: UserId.parse(userId),
  };
}

/** Gate of one runtime's `/v1/*`. Throws when the token is empty or malformed. */
export function buildServiceTokenHeader(serviceToken: string): Record<string, string> {
  return { [SERVICE_TOKEN_HEADER]: headerValue("the service token", serviceToken) };
}

/** Printable ASCII without spaces: what survives a header unchanged. The error never repeats the value. */
function headerValue(name: string, value: string): string {
  if (!/^[!-~]+$/.test(value)) throw new TypeError(`${name} is empty or has characters that do not fit a header`);
  return value;
}
