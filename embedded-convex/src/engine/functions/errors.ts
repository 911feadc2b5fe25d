/** How a function's failure is told: Convex's wording, ConvexError data, and stack frames mapped to the sources. */
import type { Json, UdfResult } from "../types.ts";
import { parseJson } from "../values/json.ts";

/** Thrown into user code by a syscall; `data` makes it a ConvexError there. */
export class SyscallError extends Error {
  readonly data?: Json;

  constructor(message: string, data?: Json) {
    super(message);
    if (data !== undefined) this.data = data;
  }
}

/** The engine refusing a call before or after the function ran: its message is shown without "Uncaught". */
export class CallError extends Error {}

export interface Failure {
  /** "Uncaught Error: sentence\n    at handler (../convex/x.ts:3:7)". */
  message: string;
  /** JSON text of a ConvexError's data. */
  dataJson?: string;
  /** What was thrown, for callers in the same process (tests). */
  thrown?: unknown;
}

/** A place in a pushed bundle, mapped to its source; null for a place that is not in one. */
export type PlaceMapper = (url: string, line: number, column: number) => string | null;

const MAX_FRAMES = 12;
const FRAME = /^\s+at (?:(?<name>.*?) \()?(?<url>file:\/\/[^)]*):(?<line>\d+):(?<column>\d+)\)?$/;

export function describeFailure(thrown: unknown, mapPlace: PlaceMapper): Failure {
  if (thrown instanceof CallError) return { message: thrown.message, thrown };
  if (typeof thrown !== "object" || thrown === null) return { message: `Uncaught ${String(thrown)}`, thrown };
  const name = textProperty(thrown, "name") ?? "Error";
  const message = textProperty(thrown, "message") ?? "";
  const frames = stackFrames(textProperty(thrown, "stack") ?? "", mapPlace);
  const data = Symbol.for("ConvexError") in thrown ? textProperty(thrown, "data") : null;
  return {
    message: [`Uncaught ${name}: ${message}`, ...frames].join("\n"),
    thrown,
    ...(data === null ? {} : { dataJson: data }),
  };
}

const causes = new WeakMap<object, unknown>();

/** What the function threw to end in this result or response; undefined when it did not throw. */
export function causeOf(outcome: object): unknown {
  return causes.get(outcome);
}

export function rememberCause<T extends object>(outcome: T, failure: Failure): T {
  causes.set(outcome, failure.thrown);
  return outcome;
}

export function failed(failure: Failure, requestId: string, logLines: string[]): UdfResult {
  const result: UdfResult = {
    ok: false,
    errorMessage: `[Request ID: ${requestId}] Server Error\n${failure.message}`,
    ...(failure.dataJson === undefined ? {} : { errorDataJson: failure.dataJson }),
    logLines,
  };
  return rememberCause(result, failure);
}

/** A nested call's failure as its caller's syscall throws it. */
export function toSyscallError(failure: Failure): SyscallError {
  return new SyscallError(failure.message, failure.dataJson === undefined ? undefined : parseJson(failure.dataJson));
}

function stackFrames(stack: string, mapPlace: PlaceMapper): string[] {
  const frames: string[] = [];
  for (const line of stack.split("\n")) {
    const groups = FRAME.exec(line)?.groups;
    const place =
      groups === undefined ? null : mapPlace(groups["url"] ?? "", Number(groups["line"]), Number(groups["column"]));
    if (place === null) continue;
    const name = groups?.["name"];
    frames.push(name === undefined ? `    at ${place}` : `    at ${name} (${place})`);
    if (frames.length === MAX_FRAMES) break;
  }
  return frames;
}

function textProperty(value: object, name: string): string | null {
  const property: unknown = Reflect.get(value, name);
  return typeof property === "string" ? property : null;
}
