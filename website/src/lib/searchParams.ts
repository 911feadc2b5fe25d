/**
 * Query strings of this site are plain text: nothing is read as JSON, as the router does by itself, so that a value
 * that belongs to someone else (an editor's `state`) comes back as it was given.
 */
export function parseSearch(search: string): Record<string, string> {
  return Object.fromEntries(new URLSearchParams(search));
}

/** The reverse, with its leading "?"; empty where there is nothing to say. */
export function stringifySearch(values: Readonly<Record<string, unknown>>): string {
  const params = new URLSearchParams();
  for (const [name, value] of Object.entries(values)) if (typeof value === "string") params.set(name, value);
  const text = params.toString();
  return text === "" ? "" : `?${text}`;
}
