import type { TokenUsage } from "@oa/contract";
import type { ToldUsage, UsageFrame } from "./usage.ts";
import { usageOf } from "./usage.ts";
import { fieldOf } from "./fields.ts";

/** What an event of a stream is to its reader. */
export type EventKind =
  /** Carries a piece of the answer, or belongs to it. */
  | "answer"
  /** Carries nothing but the usage. */
  | "usage"
  | "error"
  | "done";

/** Reads the events of one stream as they pass, and knows what was delivered. */
export interface Meter {
  /** `data` is the event's JSON, or its text where it is none. */
  take(data: unknown): EventKind;
  /** As told last; null until then. */
  told(): ToldUsage | null;
  /** Upper estimate of the output tokens that have passed. */
  deliveredTokens(): number;
  /** True once the answer is whole, whatever else may come. */
  isFinished(): boolean;
  /** True once the upstream has said that it failed. */
  hasFailed(): boolean;
}

/** Bytes of what a model writes that are at most one token: English has about 4.5, JSON 2.6, base64 2.2. */
const BYTES_PER_TOKEN = 2;
/** One part in twenty on top of what was counted: end-of-answer tokens and the like are charged and not seen. */
const UNSEEN = 1.05;

/** Upper estimate of the tokens of a text of so many bytes. */
export function tokensOfBytes(bytes: number): number {
  return Math.ceil((bytes / BYTES_PER_TOKEN) * UNSEEN);
}

/** For chat completions of so many answers: `data: {…}` chunks and `[DONE]`. */
export function chatMeter(answers: number, frame: UsageFrame): Meter {
  const seen = emptySeen();
  const finished = new Set<unknown>();
  return meterOf(seen, (data) => {
    if (data === "[DONE]") {
      seen.isFinished = true;
      return "done";
    }
    if (fieldOf(data, "error") !== undefined && fieldOf(data, "error") !== null) {
      seen.hasFailed = true;
      return "error";
    }
    const usage = fieldOf(data, "usage");
    seen.told = usageOf(usage, frame) ?? seen.told;
    const choices = listOf(fieldOf(data, "choices"));
    for (const choice of choices) {
      seen.bytes += textBytes(fieldOf(choice, "delta"));
      if (typeof fieldOf(choice, "finish_reason") === "string") finished.add(fieldOf(choice, "index"));
    }
    seen.isFinished ||= finished.size >= answers;
    return choices.length === 0 && typeof usage === "object" && usage !== null ? "usage" : "answer";
  });
}

const ENDINGS: ReadonlySet<unknown> = new Set(["response.completed", "response.incomplete", "response.failed"]);

/** For responses: typed events, the last of which has the usage. */
export function responsesMeter(frame: UsageFrame): Meter {
  const seen = emptySeen();
  return meterOf(seen, (data) => {
    const type = fieldOf(data, "type");
    if (type === "error") {
      seen.hasFailed = true;
      return "error";
    }
    if (typeof type === "string" && type.endsWith(".delta")) seen.bytes += textBytes(fieldOf(data, "delta"));
    if (!ENDINGS.has(type)) return data === "[DONE]" ? "done" : "answer";
    seen.told = usageOf(fieldOf(fieldOf(data, "response"), "usage"), frame) ?? seen.told;
    if (type !== "response.failed") {
      seen.isFinished = true;
      return "answer";
    }
    seen.hasFailed = true;
    return "error";
  });
}

interface Seen {
  bytes: number;
  told: ToldUsage | null;
  isFinished: boolean;
  hasFailed: boolean;
}

function emptySeen(): Seen {
  return { bytes: 0, told: null, isFinished: false, hasFailed: false };
}

function meterOf(seen: Seen, take: Meter["take"]): Meter {
  return {
    take,
    told: () => seen.told,
    deliveredTokens: () => tokensOfBytes(seen.bytes),
    isFinished: () => seen.isFinished,
    hasFailed: () => seen.hasFailed,
  };
}

/** What a call used by our own estimate; never more than was held for it. */
export function estimatedUsage(inputTokens: number, outputTokens: number, heldOutputTokens: number): TokenUsage {
  return {
    input: inputTokens,
    cache_read: 0,
    cache_write_5m: 0,
    cache_write_1h: 0,
    output: Math.min(outputTokens, heldOutputTokens),
    reasoning: 0,
  };
}

/** Fields of a delta that are not written by the model. */
const NOT_TEXT: ReadonlySet<string> = new Set(["role", "id", "type", "index", "object", "status"]);

/** Bytes of every text in a delta: words, reasoning, names and arguments of calls, whatever a vendor calls them. */
export function textBytes(value: unknown): number {
  if (typeof value === "string") return Buffer.byteLength(value);
  if (Array.isArray(value)) return value.reduce<number>((sum, item) => sum + textBytes(item), 0);
  if (typeof value !== "object" || value === null) return 0;
  return Object.entries(value).reduce((sum, [name, field]) => (NOT_TEXT.has(name) ? sum : sum + textBytes(field)), 0);
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
