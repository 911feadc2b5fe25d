import { type Server, createServer } from "node:http";
import * as z from "zod";

/** One model call as it arrived. */
interface ModelCall {
  path: string;
  key: string | undefined;
  model: string;
}

/**
 * A model endpoint on this machine: Chat Completions and Responses of OpenAI, streamed. It answers every call with `reply`,
 * and remembers who called with which key.
 */
export class ModelServer {
  reply = "Hello from the model.";
  /** How long it thinks, in milliseconds. */
  delayMs = 0;
  readonly calls: ModelCall[] = [];
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
  }

  static async start(): Promise<ModelServer> {
    const server = createServer();
    const model = new ModelServer(server);
    server.on("request", (request, response) => {
      const chunks: Buffer[] = [];
      request.on("data", (chunk: Buffer) => chunks.push(chunk));
      request.on("end", () => {
        const path = request.url ?? "";
        const body = Body.safeParse(JSON.parse(Buffer.concat(chunks).toString("utf8") || "{}"));
        if (!body.success) return void response.writeHead(404).end();
        const key = request.headers.authorization?.replace("Bearer ", "");
        model.calls.push({ path, key, model: body.data.model });
        const events = path.endsWith("/responses") ? responses(model.reply) : completions(model.reply);
        const answer = () => void response.writeHead(200, { "content-type": "text/event-stream" }).end(events);
        setTimeout(answer, model.delayMs);
      });
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return model;
  }

  get baseUrl(): string {
    const address = this.#server.address();
    return `http://127.0.0.1:${typeof address === "object" && address !== null ? address.port : 0}/v1`;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

const Body = z.looseObject({ model: z.string() });

function completions(text: string): string {
  const base = { id: "chatcmpl-1", object: "chat.completion.chunk", created: 1, model: "m1" };
  return [
    { ...base, choices: [{ index: 0, delta: { role: "assistant", content: text }, finish_reason: null }] },
    { ...base, choices: [{ index: 0, delta: {}, finish_reason: "stop" }] },
    { ...base, choices: [], usage: { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 } },
  ]
    .map((chunk) => `data: ${JSON.stringify(chunk)}\n\n`)
    .concat("data: [DONE]\n\n")
    .join("");
}

function responses(text: string): string {
  const part = { type: "output_text", text, annotations: [] };
  const item = { type: "message", id: "m1", status: "completed", role: "assistant", content: [part] };
  const usage = { input_tokens: 3, output_tokens: 4, total_tokens: 7 };
  const response = { id: "r1", object: "response", created_at: 1, status: "completed", output: [item], usage };
  const place = { item_id: "m1", output_index: 0, content_index: 0 };
  return [
    { type: "response.created", response: { ...response, status: "in_progress", output: [] } },
    { type: "response.output_item.added", output_index: 0, item: { ...item, status: "in_progress", content: [] } },
    { type: "response.content_part.added", ...place, part: { ...part, text: "" } },
    { type: "response.output_text.delta", ...place, delta: text },
    { type: "response.output_text.done", ...place, text },
    { type: "response.output_item.done", output_index: 0, item },
    { type: "response.completed", response },
  ]
    .map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`)
    .join("");
}
