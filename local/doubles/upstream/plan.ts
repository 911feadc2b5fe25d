import type { Orders } from "./orders.ts";
import { countTokens, cutToTokens, fillToTokens, splitInto } from "./tokens.ts";
import { decideCall, type OfferedTool, type ToolChoice } from "./tools.ts";

/** What a request asks for, whichever of the two APIs it came through. */
export interface Asked {
  /** The last user message without orders. */
  text: string;
  /** Text of the last tool result, when the conversation ends with one. */
  toolResult: string | null;
  promptTokens: number;
  tools: readonly OfferedTool[];
  toolChoice: ToolChoice;
  /** Upper bound of the answer in tokens; null for none. */
  maxTokens: number | null;
  /** How many answers (`n` of chat completions). */
  choices: number;
}

/** How an answer ends early. */
export type BreakOff =
  | { how: "cut"; after: number }
  | { how: "hang"; after: number }
  | { how: "error"; after: number; status: number };

/** A whole answer, decided before its first byte. */
export interface Plan {
  /** The tool it calls; its pieces are then the arguments. */
  toolName: string | null;
  pieces: readonly string[];
  finish: "stop" | "length" | "tool_calls";
  choices: number;
  promptTokens: number;
  /** Of all choices together. */
  completionTokens: number;
  /** How often a stream tells the usage. */
  usageTimes: 0 | 1 | 2;
  breakOff: BreakOff | null;
  delayMs: number;
}

const DEFAULT_TOKENS_PER_PIECE = 4;
const MAX_DEFAULT_PIECES = 50;

/** Decides an answer: pure, so that the same request is answered alike at every run. */
export function planAnswer(asked: Asked, orders: Orders): Plan {
  const call = decideCall({
    tools: asked.tools,
    choice: asked.toolChoice,
    text: asked.text,
    afterTool: asked.toolResult !== null,
  });
  const natural = call === null ? answerText(asked) : call.arguments;
  const wanted =
    orders.completion_tokens === undefined || call !== null ? natural : fillToTokens(natural, orders.completion_tokens);
  const said = asked.maxTokens === null ? wanted : cutToTokens(wanted, asked.maxTokens);
  const tokens = countTokens(said);
  const pieces = orders.chunks ?? Math.min(MAX_DEFAULT_PIECES, Math.ceil(tokens / DEFAULT_TOKENS_PER_PIECE));
  return {
    toolName: call?.name ?? null,
    pieces: splitInto(said, pieces),
    finish: said !== wanted ? "length" : call === null ? "stop" : "tool_calls",
    choices: asked.choices,
    promptTokens: orders.prompt_tokens ?? asked.promptTokens,
    completionTokens: tokens * asked.choices,
    usageTimes: orders.omit_usage === true ? 0 : orders.repeat_usage === true ? 2 : 1,
    breakOff: breakOff(orders),
    delayMs: orders.delay_ms ?? 0,
  };
}

function breakOff(orders: Orders): BreakOff | null {
  if (orders.hang_at !== undefined) return { after: orders.hang_at, how: "hang" };
  if (orders.cut_at === undefined) return null;
  return orders.status === undefined
    ? { after: orders.cut_at, how: "cut" }
    : { after: orders.cut_at, how: "error", status: orders.status };
}

const EXCERPT = 200;

function answerText({ text, toolResult }: Asked): string {
  const about = "I stand in for a language model on this machine, where none is configured";
  if (toolResult !== null) return `The tool answered: "${excerpt(toolResult)}". ${about}.`;
  if (text === "") return `Hello. ${about}, so I can only repeat what I am told.`;
  return `You wrote: "${excerpt(text)}". ${about}, so I can only repeat it.`;
}

/** The first paragraph, on one line: what follows it is often context that a program has added. */
function excerpt(text: string): string {
  const line = (text.trim().split(/\n\s*\n/, 1)[0] ?? "").replaceAll(/\s+/g, " ");
  return line.length <= EXCERPT ? line : `${Array.from(line).slice(0, EXCERPT).join("")}…`;
}
