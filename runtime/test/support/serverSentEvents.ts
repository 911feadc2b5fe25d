/** One event as a browser would see it. */
export interface ServerSentEvent {
  event: string;
  id: string | null;
  data: string;
}

/** Reads a stream of server-sent events to its end; leaving the loop closes it. Comments are left out. */
export async function* serverSentEvents(response: Response): AsyncGenerator<ServerSentEvent> {
  for await (const block of blocksOf(response)) {
    const data = fieldOf(block, "data");
    if (data !== null) yield { event: fieldOf(block, "event") ?? "message", id: fieldOf(block, "id"), data };
  }
}

/** What stands between empty lines, comments too. */
export async function* blocksOf(response: Response): AsyncGenerator<string> {
  const body: ReadableStream<Uint8Array> | null = response.body;
  if (body === null) throw new Error("the answer has no body");
  const decoder = new TextDecoder();
  let text = "";
  for await (const chunk of body) {
    text += decoder.decode(chunk, { stream: true });
    const blocks = text.split("\n\n");
    text = blocks.pop() ?? "";
    yield* blocks;
  }
}

function fieldOf(block: string, name: string): string | null {
  return new RegExp(`^${name}: ?(.*)$`, "m").exec(block)?.[1] ?? null;
}
