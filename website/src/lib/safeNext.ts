/** Where to go after signing in when nothing (safe) was asked for. */
export const DEFAULT_NEXT = "/openclaw";

/**
 * Keeps only paths of this site: one leading slash that is not followed by another slash or a backslash (browsers read
 * `/\host` as `//host`), and no control characters (browsers drop tabs and newlines, so `/<tab>/host` would be `//host`).
 */
export function safeNext(next: unknown): string {
  return typeof next === "string" && /^\/(?![/\\])/.test(next) && !hasControl(next) ? next : DEFAULT_NEXT;
}

function hasControl(text: string): boolean {
  return Array.from(text).some((character) => character < " " || character === "\u007f");
}
