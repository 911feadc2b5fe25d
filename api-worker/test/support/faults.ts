import type { IncomingMessage, ServerResponse } from "node:http";

/** Ways a part can fail, as a network sees them. */
export type Fault =
  /** Takes the request and never answers. */
  | { kind: "hang" }
  /** Answers one byte every 200 ms. */
  | { kind: "drip" }
  /** Answers valid JSON of 10 MB. */
  | { kind: "big" }
  /** A page, as a proxy in front would show one. */
  | { kind: "html" }
  | { kind: "redirect"; to: string }
  /** An error in the envelope, with words that must go no further. */
  | { kind: "refuse"; status: number; code: string }
  /** Something else than the envelope. */
  | { kind: "json"; status: number; body: unknown }
  /** Does what was asked, and the connection breaks before the answer. */
  | { kind: "lost_reply" };

export interface FaultRule {
  /** Start of the path, or the whole of it. */
  path: string;
  method?: string;
  fault: Fault;
  /** How many requests it hits; all, where it says nothing. */
  times?: number;
}

/** A sentence no client may ever read: whatever carries it has passed raw words on. */
export const RAW_WORDS = "raw words of a part, with a token=oc_svc_do_not_show";

/** The rule that hits this request, used up by it. */
export function takeRule(rules: FaultRule[], method: string, path: string): FaultRule | undefined {
  const rule = rules.find(
    (rule) => path.startsWith(rule.path) && (rule.method === undefined || rule.method === method) && rule.times !== 0,
  );
  if (rule?.times !== undefined) rule.times -= 1;
  return rule;
}

/** Plays a fault instead of an answer. `lost_reply` is played by the caller, after the work. */
export function play(
  fault: Exclude<Fault, { kind: "lost_reply" }>,
  request: IncomingMessage,
  response: ServerResponse,
): void {
  switch (fault.kind) {
    case "hang":
      return;
    case "drip": {
      response.writeHead(200, { "content-type": "application/json" });
      const timer = setInterval(() => response.write(" "), 200);
      response.on("close", () => clearInterval(timer));
      return;
    }
    case "big":
      response.writeHead(200, { "content-type": "application/json" });
      response.end(JSON.stringify({ ok: true, data: "x".repeat(10 * 1024 * 1024) }));
      return;
    case "html":
      response.writeHead(200, { "content-type": "text/html" });
      response.end(`<h1>${RAW_WORDS}</h1>`);
      return;
    case "redirect":
      response.writeHead(307, { location: new URL(request.url ?? "/", fault.to).href });
      response.end();
      return;
    case "refuse":
      answer(response, fault.status, {
        ok: false,
        error: { code: fault.code, message: RAW_WORDS, details: { raw: RAW_WORDS } },
      });
      return;
    case "json":
      answer(response, fault.status, fault.body);
  }
}

export function answer(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { "content-type": "application/json" });
  response.end(JSON.stringify(body));
}
