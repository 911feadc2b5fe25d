import type { User } from "@oa/contract";
import { query } from "./_generated/server.js";
import { requireUser } from "./lib/access.ts";
import { userView } from "./lib/userView.ts";

/** Who is signed in. */
export const me = query({
  args: {},
  handler: async (ctx): Promise<User> => userView(await requireUser(ctx)),
});
