/**
 * A body as text, or null once it passes `maxBytes`; what is left of it is then thrown away. Rejects when the signal
 * aborts, however slowly bytes drip in.
 */
export async function limitedText(
  body: ReadableStream<Uint8Array> | null,
  maxBytes: number,
  signal?: AbortSignal,
): Promise<string | null> {
  if (body === null) return "";
  const reader = body.getReader();
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const onAbort = () => reject(new Error("aborted"));
  signal?.addEventListener("abort", onAbort);
  const decoder = new TextDecoder();
  let text = "";
  let bytes = 0;
  try {
    for (;;) {
      const chunk = await Promise.race([reader.read(), aborted]);
      if (chunk.done) return text + decoder.decode();
      bytes += chunk.value.byteLength;
      if (bytes > maxBytes) return null;
      text += decoder.decode(chunk.value, { stream: true });
    }
  } finally {
    signal?.removeEventListener("abort", onAbort);
    // Frees the connection; a stream that was read to its end does not mind.
    reader.cancel().catch(() => undefined);
  }
}
