import type { MutationCtx } from "../_generated/server.js";
import { apiError } from "../lib/errors.ts";
import { accountOf, closeAccount, openAccount } from "./ledger.ts";
import { userById } from "./users.ts";

/** Freezes an account, or lets it spend again; false where nothing changed. A closed account stays closed: `conflict`. */
export async function setFrozen(ctx: MutationCtx, userId: string, frozen: boolean): Promise<boolean> {
  await requireAccountHolder(ctx, userId);
  const account = await openAccount(ctx, userId, Date.now());
  const { status } = account.totals;
  if (status === "closed") throw apiError("conflict", "This account is closed.");
  if ((status === "frozen") === frozen) return false;
  account.totals = { ...account.totals, status: frozen ? "frozen" : "active" };
  await closeAccount(ctx, account);
  return true;
}

/** Refuses with `not_found` an id that is nobody's: no account is made by a typing error. */
export async function requireAccountHolder(ctx: MutationCtx, userId: string): Promise<void> {
  if ((await accountOf(ctx, userId)) !== null || (await userById(ctx, userId)) !== null) return;
  throw apiError("not_found", "There is no such user.");
}
