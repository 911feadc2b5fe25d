import { Control, until } from "./control.testing.ts";
import { type Answer, result, standInApi } from "./reconciler.testing.ts";
import { setupTest, type TestDeployment } from "./setup.testing.ts";

/** Work is under way, and there is no hurry: rows change only by what the test does. */
export const LATER: Answer = result({ outcome: "continue", after_ms: 60_000, reason: null });

/** The timetable row of the one instance of a test. */
export async function timetable(t: TestDeployment) {
  const row = await t.run(async (ctx) => await ctx.db.query("instance_drives").unique());
  if (row === null) throw new Error("there is no timetable");
  return row;
}

/** Moves the one timetable in time, as if it had been written so long ago. */
export async function alter(
  t: TestDeployment,
  patch: { due_at?: number | null; deadline_at?: number; lease?: { id: string; expires_at: number } },
) {
  await t.run(async (ctx) => {
    const row = await ctx.db.query("instance_drives").unique();
    if (row !== null) await ctx.db.patch("instance_drives", row._id, patch);
  });
}

/** Waits until no drive is in flight or about to begin. */
export async function atRest(t: TestDeployment): Promise<void> {
  await until("no drive is in flight", async () => {
    const row = await t.run(async (ctx) => await ctx.db.query("instance_drives").unique());
    const idle = row === null || (row.lease === null && (row.due_at === null || row.due_at > Date.now()));
    return idle ? true : undefined;
  });
}

/** A deployment whose API is content with everything and is in no hurry: rows change only by what the test does. */
export async function quiet() {
  await standInApi(() => LATER);
  const t = setupTest();
  return { t, control: new Control(t) };
}
