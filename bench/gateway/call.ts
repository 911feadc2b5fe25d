/** One OpenAI-compatible endpoint. */
export interface Target {
  url: string;
  key: string;
}

/** Milliseconds from the call to its first byte and to its last. */
export interface Timing {
  firstByte: number;
  total: number;
}

export const MODEL = "gpt-4o";
/** Tokens the upstream's double tells of each call. */
export const TOLD = { prompt_tokens: 100, completion_tokens: 50 };

/** Calls the endpoint; the answer is not read yet. Throws an Error for any status but 200. */
export async function open(target: Target, ask: { stream: boolean; chunks: number; delayMs?: number }) {
  const double = { ...TOLD, chunks: ask.chunks, ...(ask.delayMs !== undefined && { delay_ms: ask.delayMs }) };
  const response = await fetch(target.url, {
    method: "POST",
    headers: { authorization: `Bearer ${target.key}`, "content-type": "application/json" },
    body: JSON.stringify({
      model: MODEL,
      max_tokens: 100,
      stream: ask.stream,
      messages: [{ role: "user", content: JSON.stringify({ double }) }],
    }),
    signal: AbortSignal.timeout(60_000),
  });
  if (response.status !== 200) throw new Error(`${target.url} answered ${response.status}: ${await response.text()}`);
  return response;
}

export async function timedCall(target: Target, ask: { stream: boolean; chunks: number }): Promise<Timing> {
  const started = performance.now();
  const response = await open(target, ask);
  const reader = response.body?.getReader();
  let firstByte = Number.NaN;
  for (;;) {
    const part = await reader?.read();
    if (part === undefined || part.done) break;
    if (Number.isNaN(firstByte)) firstByte = performance.now() - started;
  }
  return { firstByte, total: performance.now() - started };
}

/** Milliseconds of a read that the gateway answers by itself. */
export async function timedRead(url: string, key: string): Promise<number> {
  const started = performance.now();
  const response = await fetch(url, {
    headers: { authorization: `Bearer ${key}` },
    signal: AbortSignal.timeout(60_000),
  });
  if (response.status !== 200) throw new Error(`${url} answered ${response.status}`);
  await response.arrayBuffer();
  return performance.now() - started;
}
