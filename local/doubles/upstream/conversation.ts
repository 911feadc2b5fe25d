import * as z from "zod";
import { countTokens } from "./tokens.ts";

/** What a picture or file costs, whatever its size: its bytes are no text and must not be counted as such. */
const ATTACHMENT_TOKENS = 85;

/** A part of a message; kinds the double does not know are attachments. */
export const Part = z.looseObject({ type: z.string(), text: z.string().optional() });

/** A message's content: a text, or parts. */
export const Content = z.union([z.string(), z.array(Part)]);

/** The words of a content. */
export function textOf(content: z.infer<typeof Content> | null | undefined): string {
  if (content === null || content === undefined) return "";
  if (typeof content === "string") return content;
  return content.flatMap((part) => (part.text === undefined ? [] : [part.text])).join("\n");
}

/** Tokens of a content. */
export function contentTokens(content: z.infer<typeof Content> | null | undefined): number {
  const attachments = Array.isArray(content) ? content.filter((part) => part.text === undefined).length : 0;
  return countTokens(textOf(content)) + attachments * ATTACHMENT_TOKENS;
}

/** What OpenClaw tells its model beside the person's words: a block of its own, or a whole message behind the person's. */
const OPENCLAW_CONTEXT = /<<<BEGIN_OPENCLAW_INTERNAL_CONTEXT>>>[\s\S]*?<<<END_OPENCLAW_INTERNAL_CONTEXT>>>/g;

/** The time OpenClaw puts before a person's words: `[Sat 2026-11-21 02:47 UTC]`. */
const OPENCLAW_TIME = /^\[[A-Z][a-z]{2} \d{4}-\d{2}-\d{2} \d{2}:\d{2} [^\]]{1,40}\]/;

/** The person's own words in a user message. */
export function wordsOf(content: z.infer<typeof Content> | null | undefined): string {
  return textOf(content).replaceAll(OPENCLAW_CONTEXT, "").trim().replace(OPENCLAW_TIME, "").trim();
}

/** Where a conversation stands: what the person said last, and the tool result it ends with, if it does. */
export function standOf(
  turns: readonly { from: "user" | "tool" | "other"; content: z.infer<typeof Content> | null | undefined }[],
): { said: string; toolResult: string | null } {
  const heard = turns.filter((turn) => turn.from !== "user" || !isContextOnly(turn.content));
  const last = heard.at(-1);
  return {
    said: wordsOf(heard.findLast((turn) => turn.from === "user")?.content),
    toolResult: last?.from === "tool" ? textOf(last.content) : null,
  };
}

function isContextOnly(content: z.infer<typeof Content> | null | undefined): boolean {
  return textOf(content) !== "" && wordsOf(content) === "";
}
