/** How a function's failure is told: Convex's wording, ConvexError data, and stack frames mapped to the sources. */
import { parseJson } from "../values/json.ts";

/**
 * The engine refusing a call before or after the function ran: its message is shown without "Uncaught". A refusal of a
 * syscall is an ordinary `Error`, because it is thrown inside the function.
 */
export class CallError extends Error {}

export interface Failure {
  /** "Uncaught Error: sentence\n    at handler (../convex/x.ts:3:7)". */
  message: string;
  /** JSON text of a ConvexError's data. */
  dataJson?: string | undefined;
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

/** How a run ended, for its caller. */
export type Outcome<T> = { ok: true; value: T } | { ok: false; failure: Failure };

/** Runs `body`; whatever it throws is a failure that tells where in the sources it was thrown. */
export async function attempt<T>({ mapPlace }: { mapPlace: PlaceMapper }, body: () => Promise<T>): Promise<Outcome<T>> {
  try {
    return { ok: true, value: await body() };
  } catch (thrown) {
    return { ok: false, failure: describeFailure(thrown, mapPlace) };
  }
}

/** A nested call's failure as its caller's syscall throws it; `data` makes it a ConvexError there. */
export function nestedError({ message, dataJson }: Failure): Error {
  return Object.assign(new Error(message), dataJson === undefined ? {} : { data: parseJson(dataJson) });
}

const causes = new WeakMap<object, unknown>();

/** What the function threw to end in this result or response; undefined when it did not throw. */
export function causeOf(result: object): unknown {
  return causes.get(result);
}

export function rememberCause<T extends object>(result: T, failure: Failure): T {
  causes.set(result, failure.thrown);
  return result;
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
