import { limitedText } from "./limitedText.ts";

/** Largest answer taken from a provider, in bytes: profiles and key sets are a few kilobytes. */
const MAX_BYTES = 256 * 1024;
const DEADLINE_MS = 10_000;

interface Call {
  method?: string;
  headers?: Record<string, string>;
  body?: BodyInit | null | undefined;
}

/**
 * `fetch` for libraries: with a deadline for the whole answer, a size limit, and without following redirects. Rejects with
 * an Error where one of them is met.
 */
export async function boundedFetch(url: string, { method, headers, body }: Call): Promise<Response> {
  const signal = AbortSignal.timeout(DEADLINE_MS);
  const response = await fetch(url, {
    method: method ?? "GET",
    headers: headers ?? {},
    body: body ?? null,
    redirect: "manual",
    signal,
  });
  const text = await limitedText(response.body, MAX_BYTES, signal);
  if (text === null) throw new Error("the answer is too large");
  const bodyless = response.status === 204 || response.status === 304;
  return new Response(bodyless ? null : text, { status: response.status, headers: response.headers });
}
