import { UserId } from "@oa/contract";
import { apiError } from "./errors.ts";

/** Where a control request may name its user. */
export interface UserIdSources {
  /** Value of the `x-oa-user-id` header. */
  header: string | null;
  query: URLSearchParams;
  /** The parsed JSON body, whatever it is. */
  body: unknown;
}

const FIELDS = ["user_id", "userId"] as const;

/**
 * The seed's helper: the user a control request is about, from its header, else its query, else its body (`user_id` or
 * `userId`). All that are given must agree: `user_mismatch` otherwise, so that no proxy in between can be made to see
 * another user than we do. Refuses with `invalid_request` a missing or malformed one.
 */
export function extractUserId({ header, query, body }: UserIdSources): string {
  const given: unknown[] = header === null ? [] : [header];
  for (const field of FIELDS) given.push(...query.getAll(field));
  if (typeof body === "object" && body !== null) {
    for (const [name, value] of Object.entries(body)) {
      if (FIELDS.some((field) => field === name)) given.push(value);
    }
  }
  const [first] = given;
  if (first === undefined) {
    throw apiError(
      "invalid_request",
      "Name the user in the x-oa-user-id header, or as user_id in the query or the body.",
    );
  }
  if (given.some((value) => value !== first)) {
    throw apiError("user_mismatch", "The header, the query and the body name different users. Name one user.");
  }
  const parsed = UserId.safeParse(first);
  if (!parsed.success) {
    throw apiError(
      "invalid_request",
      "A user id is 1 to 128 letters, digits or _ . : @ | + -, and starts with a letter or digit.",
    );
  }
  return parsed.data;
}
