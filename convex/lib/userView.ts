import type { User } from "@oa/contract";
import type { Doc } from "../_generated/dataModel.js";

/** A user without what only the rules need (the password's hash, the token version). */
export function userView(row: Doc<"users">): User {
  return { user_id: row._id, email: row.email, created_at: row.created_at };
}
