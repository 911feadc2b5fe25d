/** Milliseconds since 1970 as ISO-8601, UTC. */
export function iso(millis: number): string {
  return new Date(millis).toISOString();
}

/** The same of a time that may not be. */
export function isoOrNull(millis: number | null): string | null {
  return millis === null ? null : iso(millis);
}
