/** Where a JSON object stands in a text. */
export interface Found {
  value: unknown;
  /** The text without it. */
  rest: string;
}

/**
 * The first JSON object in `text` that begins at a match of `start` (which matches its opening brace first).
 * `broken` when something begins like one and is none; null when nothing does.
 */
export function findObject(text: string, start: RegExp): Found | "broken" | null {
  const from = text.search(start);
  if (from === -1) return null;
  const end = endOfObject(text, from);
  if (end === -1) return "broken";
  try {
    const value: unknown = JSON.parse(text.slice(from, end));
    return { value, rest: `${text.slice(0, from)} ${text.slice(end)}`.trim() };
  } catch {
    return "broken";
  }
}

/** Index behind the brace that closes the one at `from`; -1 when none does. Braces inside strings do not count. */
function endOfObject(text: string, from: number): number {
  let depth = 0;
  let inString = false;
  for (let i = from; i < text.length; i += 1) {
    const character = text[i];
    if (inString) {
      if (character === "\\") i += 1;
      else if (character === '"') inString = false;
    } else if (character === '"') inString = true;
    else if (character === "{") depth += 1;
    else if (character === "}") {
      depth -= 1;
      if (depth === 0) return i + 1;
    }
  }
  return -1;
}
