import { INTERNAL_KEY_HEADER, REQUEST_ID_HEADER } from "@oa/contract";
import { readLimited } from "./readLimited.ts";

const MAX_ANSWER_BYTES = 1024 * 1024;

/** Where the API Worker is, and the key that proves us to it. */
export interface WorkerEnv {
  /** Base of the API Worker. */
  OA_API_URL?: string | undefined;
  OA_INTERNAL_KEY?: string | undefined;
}

/** What came of a call: the parsed JSON body (undefined where it is none, or too long), or why there is no answer. */
export type WorkerAnswer =
  | { kind: "answer"; body: unknown }
  | { kind: "not_configured"; variable: keyof WorkerEnv }
  | { kind: "silent"; why: "deadline" | "unreachable" };

/** One POST to an internal route of the Worker. Never throws; has a deadline and a limit on what it reads. */
export async function callWorker(
  env: WorkerEnv,
  call: { path: string; body: unknown; requestId: string; deadlineMs: number },
): Promise<WorkerAnswer> {
  const base = env.OA_API_URL ?? "";
  const key = env.OA_INTERNAL_KEY ?? "";
  if (!URL.canParse(base) || !/^https?:/.test(base)) return { kind: "not_configured", variable: "OA_API_URL" };
  if (key === "") return { kind: "not_configured", variable: "OA_INTERNAL_KEY" };

  const aborter = new AbortController();
  const timer = setTimeout(() => aborter.abort(), call.deadlineMs);
  try {
    const response = await fetch(new URL(call.path, base), {
      method: "POST",
      headers: { "content-type": "application/json", [INTERNAL_KEY_HEADER]: key, [REQUEST_ID_HEADER]: call.requestId },
      body: JSON.stringify(call.body),
      // A redirect would carry the key to wherever it points.
      redirect: "manual",
      signal: aborter.signal,
    });
    return { kind: "answer", body: jsonOf((await readLimited(response.body, MAX_ANSWER_BYTES)) ?? "") };
  } catch {
    return { kind: "silent", why: aborter.signal.aborted ? "deadline" : "unreachable" };
  } finally {
    clearTimeout(timer);
  }
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
