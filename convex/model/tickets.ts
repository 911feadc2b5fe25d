import type { Doc, Id } from "../_generated/dataModel.js";
import type { MutationCtx, QueryCtx } from "../_generated/server.js";

const MINUTE_MS = 60 * 1000;

/** How long each kind is good. */
export const TICKET_TTL_MS = {
  reset: 60 * MINUTE_MS,
  verify: 24 * 60 * MINUTE_MS,
  /** Time a person has at the provider's page. */
  oauth: 10 * MINUTE_MS,
  /** Between a finished device flow and the one question it is good for. */
  userinfo: 10 * MINUTE_MS,
} as const;

type About = Doc<"auth_tickets">["about"];
type Kind = About["kind"];
export type TicketOf<K extends Kind> = Doc<"auth_tickets"> & { about: Extract<About, { kind: K }> };

/** Writes a ticket that is good for `ttlMs`. */
export async function issueTicket(
  ctx: MutationCtx,
  ticket: { ticket_hash: string; user_id: Id<"users"> | null; about: About },
  ttlMs: number,
): Promise<void> {
  const now = Date.now();
  await ctx.db.insert("auth_tickets", { ...ticket, created_at: now, expires_at: now + ttlMs });
}

/** The ticket of a hash and kind, while it is good. A hash of another kind is as unknown as an invented one. */
export async function findTicket<K extends Kind>(ctx: QueryCtx, hash: string, kind: K): Promise<TicketOf<K> | null> {
  const ticket = await ctx.db
    .query("auth_tickets")
    .withIndex("by_ticket_hash", (q) => q.eq("ticket_hash", hash))
    .unique();
  return ticket !== null && ticket.expires_at > Date.now() && isKind(ticket, kind) ? ticket : null;
}

/** The same, used up: read and deleted in one mutation, so that of two uses at once one finds nothing. */
export async function takeTicket<K extends Kind>(ctx: MutationCtx, hash: string, kind: K): Promise<TicketOf<K> | null> {
  const ticket = await findTicket(ctx, hash, kind);
  if (ticket !== null) await ctx.db.delete("auth_tickets", ticket._id);
  return ticket;
}

/** Whose a ticket is; null where there is none, or it is nobody's. */
export async function ownerOf(ctx: QueryCtx, ticket: Doc<"auth_tickets"> | null): Promise<Doc<"users"> | null> {
  const id = ticket?.user_id ?? null;
  return id === null ? null : await ctx.db.get("users", id);
}

/** Deletes a user's tickets of a kind: only the newest link works. */
export async function dropTickets(ctx: MutationCtx, userId: Id<"users">, kind: Kind): Promise<void> {
  const tickets = await ctx.db
    .query("auth_tickets")
    .withIndex("by_user_id", (q) => q.eq("user_id", userId))
    .collect();
  for (const ticket of tickets) if (ticket.about.kind === kind) await ctx.db.delete("auth_tickets", ticket._id);
}

function isKind<K extends Kind>(ticket: Doc<"auth_tickets">, kind: K): ticket is TicketOf<K> {
  return ticket.about.kind === kind;
}
