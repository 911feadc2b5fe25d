import type { Envelope } from "@oa/contract";
import { parseEnvelope } from "@oa/contract";
import type * as z from "zod";

/** `{ ok, data | error }` whose `data` fits the schema; null for everything else another part may send. */
export function readEnvelope<S extends z.ZodType>(body: unknown, data: S): Envelope<z.output<S>> | null {
  try {
    return parseEnvelope(data, body);
  } catch {
    return null;
  }
}
