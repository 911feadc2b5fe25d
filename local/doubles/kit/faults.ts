import type { ServerResponse } from "node:http";
import { Hono, type MiddlewareHandler } from "hono";
import { RESPONSE_ALREADY_SENT } from "@hono/node-server/utils/response";
import * as z from "zod";
import type { DoubleEnv, ErrorAnswer } from "./env.ts";
import { pause, untilGone } from "./pause.ts";

const where = {
  /** Path of the requests it meets; with `*` at the end every path that begins so. */
  path: z.string().startsWith("/"),
  /** How many requests it meets before it is over; absent: until it is taken away. */
  times: z.int().min(1).optional(),
};

/** A fault ordered through `POST /double/faults`. */
export const Fault = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("hang"), ...where }),
  z.strictObject({ kind: z.literal("error"), ...where, status: z.int().min(400).max(599).default(500) }),
  z.strictObject({ kind: z.literal("slow"), ...where, delay_ms: z.int().min(1).max(600_000) }),
]);
export type Fault = z.infer<typeof Fault>;

/** How a preset person misbehaves; the same kinds, with fixed figures. */
export type FaultKind = Fault["kind"];

const PRESET_DELAY_MS = 3000;

/** The fault of a preset person on one path, for the requests made in that person's name. */
export function presetFault(kind: FaultKind, path: string): Fault {
  switch (kind) {
    case "hang":
      return { kind, path };
    case "error":
      return { kind, path, status: 500 };
    case "slow":
      return { kind, path, delay_ms: PRESET_DELAY_MS };
  }
}

/**
 * Plays a fault on one response. Returns the response that ends the request, or null when the request goes on
 * (after a delay). A hang ends only when the caller has gone.
 */
export async function playFault(fault: Fault, out: ServerResponse, errorAnswer: ErrorAnswer): Promise<Response | null> {
  switch (fault.kind) {
    case "hang":
      await untilGone(out);
      return RESPONSE_ALREADY_SENT;
    case "slow":
      return (await pause(fault.delay_ms, out)) ? null : RESPONSE_ALREADY_SENT;
    case "error": {
      const { body, contentType } = errorAnswer(fault.status, "The double was ordered to fail.");
      const headers = new Headers({ "content-type": contentType });
      if (fault.status === 429 || fault.status === 503) headers.set("retry-after", "1");
      return new Response(body, { status: fault.status, headers });
    }
  }
}

/** The faults in force, in the order they were given; the first that fits a request meets it. */
export class FaultBoard {
  #faults: Fault[] = [];

  list(): readonly Fault[] {
    return this.#faults;
  }

  add(fault: Fault): void {
    this.#faults.push(fault);
  }

  clear(): void {
    this.#faults = [];
  }

  /** The fault that meets a request to `path`, counted off; null for none. */
  take(path: string): Fault | null {
    const found = this.#faults.find((fault) => meets(fault, path));
    if (found === undefined) return null;
    if (found.times !== undefined) {
      const left = found.times - 1;
      this.#faults = this.#faults.flatMap((fault) =>
        fault !== found ? [fault] : left === 0 ? [] : [{ ...fault, times: left }],
      );
    }
    return found;
  }

  /** The root page and the control endpoints are never met: they are how one gets out. */
  middleware(errorAnswer: ErrorAnswer): MiddlewareHandler<DoubleEnv> {
    return async (c, next) => {
      const { path } = c.req;
      const fault = path === "/" || path.startsWith("/double/") ? null : this.take(path);
      const answer = fault === null ? null : await playFault(fault, c.env.outgoing, errorAnswer);
      if (answer !== null) return answer;
      return next();
    };
  }
}

function meets(fault: Fault, path: string): boolean {
  return fault.path.endsWith("*") ? path.startsWith(fault.path.slice(0, -1)) : path === fault.path;
}

/** `GET`, `POST` and `DELETE` of `/double/faults`. */
export function faultRoutes(board: FaultBoard): Hono<DoubleEnv> {
  const app = new Hono<DoubleEnv>();
  app.get("/faults", (c) => c.json({ faults: board.list() }));
  app.post("/faults", async (c) => {
    const parsed = Fault.safeParse(await c.req.json().catch(() => null));
    if (!parsed.success) return c.json({ error: z.prettifyError(parsed.error) }, 400);
    board.add(parsed.data);
    return c.json({ faults: board.list() }, 201);
  });
  app.delete("/faults", (c) => {
    board.clear();
    return c.json({ faults: [] });
  });
  return app;
}
