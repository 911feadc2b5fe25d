import type { Context } from "hono";
import type { Events } from "./ports.ts";
import { createReaders } from "./readers.ts";

/**
 * Changes of an instance as server-sent events, each a whole snapshot. Changes that come while a reader is busy become one:
 * it is told what is true then, not what was true in between, so it has nothing to come back for either.
 */
export function eventStream(events: Events, report: (error: unknown) => void): (c: Context) => Response {
  const stream = createReaders(report);
  return (c) =>
    stream(c, {
      subscribe: (follower) => events.subscribe(follower),
      async tell(reader) {
        while (!reader.over) {
          await reader.send({ event: "runtime", data: JSON.stringify(events.snapshot()) });
          await reader.untilNews();
        }
      },
    });
}
