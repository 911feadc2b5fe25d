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
