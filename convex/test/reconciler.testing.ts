import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { json } from "node:stream/consumers";
import { ReconcileRequest } from "@oa/contract";
import { onTestFinished, vi } from "vitest";

/** One request a stand-in API has got. */
export interface ReceivedCall {
  path: string;
  method: string;
  headers: IncomingMessage["headers"];
  body: unknown;
}

/** What a stand-in API answers: an HTTP status and a body, or whatever it does to the connection. */
export type Answer = { status: number; body: unknown } | ((response: ServerResponse) => void);

/** A real HTTP server in the API Worker's place, for one test. */
export interface StandInApi {
  url: string;
  calls: ReceivedCall[];
  /** What it answers from now on; a function decides call by call, and may wait. */
  answer: (call: ReceivedCall) => Answer | Promise<Answer>;
}

export const INTERNAL_KEY = "internal-key-of-the-tests";

/** An answer in the envelope. */
export function result(data: unknown): Answer {
  return { status: 200, body: { ok: true, data } };
}

/** Starts the server, points `OA_API_URL` and `OA_INTERNAL_KEY` to it, and stops it when the test is over. */
export async function standInApi(answer: StandInApi["answer"]): Promise<StandInApi> {
  const api: StandInApi = { url: "", calls: [], answer };
  const server = createServer((request, response) => {
    void (async () => {
      const body: unknown = await json(request);
      const call = { path: request.url ?? "", method: request.method ?? "", headers: request.headers, body };
      api.calls.push(call);
      const reply = await api.answer(call);
      if (typeof reply === "function") reply(response);
      else response.writeHead(reply.status, { "content-type": "application/json" }).end(JSON.stringify(reply.body));
    })();
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the stand-in API has no port");
  api.url = `http://127.0.0.1:${address.port}`;
  vi.stubEnv("OA_API_URL", api.url);
  vi.stubEnv("OA_INTERNAL_KEY", INTERNAL_KEY);
  onTestFinished(async () => {
    vi.unstubAllEnvs();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return api;
}

/** Instance and generation a call is about. */
export function subjectOf(call: ReceivedCall): ReconcileRequest {
  return ReconcileRequest.parse(call.body);
}
