import type { Doc } from "../_generated/dataModel.js";
import type { MutationCtx, QueryCtx } from "../_generated/server.js";

/**
 * Jobs that go once over an append-only table, in the order its rows were made: the only writer of `job_cursors`. Rows and cursor
 * are written in the job's one mutation, so that each row is taken exactly once.
 */

/** How far a job has come: `_creationTime` of the last row it has taken; 0 at the beginning. */
export async function positionOf(ctx: QueryCtx, name: string): Promise<number> {
  return (await cursorOf(ctx, name))?.position ?? 0;
}

/** Writes how far a job has come. */
export async function setPosition(ctx: MutationCtx, name: string, position: number): Promise<void> {
  const cursor = await cursorOf(ctx, name);
  const updated_at = Date.now();
  if (cursor === null) await ctx.db.insert("job_cursors", { name, position, updated_at });
  else await ctx.db.patch("job_cursors", cursor._id, { position, updated_at });
}

/** Forgets a job that is over. */
export async function dropPosition(ctx: MutationCtx, name: string): Promise<void> {
  const cursor = await cursorOf(ctx, name);
  if (cursor !== null) await ctx.db.delete("job_cursors", cursor._id);
}

/** Rows of one table in the order they were made, as a job reads them. */
interface Walk<Row> {
  /** The first rows made after the cursor, as many as asked for, or fewer at the end. */
  next: Row[];
  /** How many were asked for. */
  asked: number;
  /** All rows made at a time. */
  at: (creationTime: number) => Promise<Row[]>;
}

/**
 * The page a job takes. `full` says that there may be more. Rows made at the very time of the last one come with it, however many:
 * the next page begins after that time.
 */
export async function wholePage<Row extends { _creationTime: number }>({
  next,
  asked,
  at,
}: Walk<Row>): Promise<{ page: Row[]; full: boolean }> {
  const last = next.at(-1);
  if (last === undefined || next.length < asked) return { page: next, full: false };
  const earlier = next.filter((row) => row._creationTime < last._creationTime);
  return { page: [...earlier, ...(await at(last._creationTime))], full: true };
}

async function cursorOf(ctx: QueryCtx, name: string): Promise<Doc<"job_cursors"> | null> {
  return await ctx.db
    .query("job_cursors")
    .withIndex("by_name", (q) => q.eq("name", name))
    .unique();
}
