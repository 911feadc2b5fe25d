import { API_PATHS, ConvexToken } from "@oa/contract";
import { ConvexClient } from "convex/browser";
import { makeFunctionReference } from "convex/server";
import type { TestStack } from "./stack.ts";
import type { Visitor } from "./visitor.ts";

/** A live query of a browser's own connection to Convex. */
export interface LiveQuery {
  /** What it last showed; undefined before the first answer. */
  value(): unknown;
  /** Code of the error it ended in; null while it lives. */
  ended(): string | null;
  close(): Promise<void>;
}

/** Opens one as the page does: with a token of the visitor's session. Resolves at the first answer, good or bad. */
export async function liveQuery(
  stack: TestStack,
  visitor: Visitor,
  name: string,
  args: Record<string, never> | { paginationOpts: { numItems: number; cursor: null } } = {},
): Promise<LiveQuery> {
  const client = new ConvexClient(stack.info().convex.url);
  client.setAuth(async () => {
    const answer = await visitor.send("POST", API_PATHS.webConvexToken);
    return answer.status === 200 ? ConvexToken.parse(Reflect.get(Object(answer.json()), "data")).token : null;
  });
  const seen: { value: unknown; ended: string | null } = { value: undefined, ended: null };
  await new Promise<void>((resolve, reject) => {
    const patience = setTimeout(() => reject(new Error(`${name} gave no answer`)), 60_000);
    const answered = () => {
      clearTimeout(patience);
      resolve();
    };
    client.onUpdate(
      makeFunctionReference<"query">(name),
      args,
      (next: unknown) => {
        seen.value = next;
        answered();
      },
      (error) => {
        seen.ended = codeOf(error);
        answered();
      },
    );
  });
  return { value: () => seen.value, ended: () => seen.ended, close: () => client.close() };
}

function codeOf(error: Error): string {
  const data: unknown = Reflect.get(error, "data");
  const code: unknown = typeof data === "object" && data !== null ? Reflect.get(data, "code") : undefined;
  return typeof code === "string" ? code : error.message;
}
