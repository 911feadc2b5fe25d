/**
 * Text parts as a body. A part is made only when the reader asks for it, so that a file of any length takes the room of one part,
 * and a slow reader slows its making; a reader who leaves ends it. Rejects with what making the first part rejects with.
 */
export async function streamOf(chunks: AsyncGenerator<string, void>, requestId: string): Promise<ReadableStream> {
  const encoder = new TextEncoder();
  let first: IteratorResult<string, void> | null = await chunks.next();
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const part = first ?? (await chunks.next().catch(broken));
        first = null;
        if (part.done === true) controller.close();
        else controller.enqueue(encoder.encode(part.value));
      },
      async cancel() {
        await chunks.return();
      },
    },
    { highWaterMark: 0 },
  );

  function broken(error: unknown): never {
    const name = error instanceof Error ? error.name : typeof error;
    console.error(JSON.stringify({ level: "error", event: "file_broke_off", request_id: requestId, name }));
    throw error;
  }
}
