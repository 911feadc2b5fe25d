import { CONTROL_KEY_HEADER, type ErrorBody, okBody, REQUEST_ID_HEADER } from "@oa/contract";
import { httpAction, type ActionCtx } from "../_generated/server.js";
import { secretEqual } from "../lib/constantTime.ts";
import { apiError, errorBodyOf, statusOf } from "../lib/errors.ts";
import { type ControlRequest, readRequest } from "./request.ts";

/** What a control endpoint does with a request that has passed the gate. What it gives becomes the envelope's `data`. */
export type ControlHandler = (ctx: ActionCtx, request: ControlRequest) => Promise<unknown>;

/** The methods of one path; every other is answered 405. */
export type MethodTable = { readonly [Method in "GET" | "POST" | "DELETE"]?: ControlHandler };

/**
 * The only way a control route comes to be: there is none without the key. In this order, so that a caller without the
 * key learns nothing, not even which paths exist: key, method, body, handler. Whatever is thrown becomes the envelope;
 * answers are never stored on the way, and carry the caller's request id. No CORS headers, for nobody's browser calls this.
 */
export function controlAction(methods: MethodTable) {
  const handlers = new Map(Object.entries(methods));
  return httpAction(async (ctx, request) => {
    const requestId = requestIdOf(request);
    try {
      await requireControlKey(request);
      const handler = handlers.get(request.method);
      if (handler === undefined) {
        const allow = [...handlers.keys()].join(", ");
        return failure(methodNotAllowed(request.method), requestId, { allow });
      }
      const data = await handler(ctx, await readRequest(request, requestId));
      return Response.json(okBody(data), { status: 200, headers: headersOf(requestId) });
    } catch (error) {
      return failure(errorBodyOf(error) ?? unexpected(request, requestId, error), requestId);
    }
  });
}

/** Answers every path under `/control/` that is none of ours; with the key, because the gate comes first. */
export const unknownControlPath = httpAction(async (_ctx, request) => {
  const requestId = requestIdOf(request);
  try {
    await requireControlKey(request);
    return failure({ code: "not_found", message: "There is no such control endpoint." }, requestId);
  } catch (error) {
    return failure(errorBodyOf(error) ?? unexpected(request, requestId, error), requestId);
  }
});

async function requireControlKey(request: Request): Promise<void> {
  const expected = process.env.OA_CONTROL_KEY ?? "";
  if (expected === "") {
    throw apiError("internal", "OA_CONTROL_KEY is not set on the Convex deployment: no control endpoint can be used.", {
      variables: ["OA_CONTROL_KEY"],
    });
  }
  const given = request.headers.get(CONTROL_KEY_HEADER) ?? "";
  if (!(await secretEqual(given, expected))) {
    throw apiError("unauthorized", `Send the control key in the ${CONTROL_KEY_HEADER} header.`);
  }
}

function methodNotAllowed(method: string): ErrorBody {
  return { code: "method_not_allowed", message: `This control endpoint does not answer to ${method}.` };
}

/** Only what kind of error it was is logged: the text of one may repeat what was sent, and that may be a secret. */
function unexpected(request: Request, requestId: string, error: unknown): ErrorBody {
  const kind = error instanceof Error ? error.name : typeof error;
  const { pathname } = new URL(request.url);
  console.error(
    JSON.stringify({
      level: "error",
      event: "control_failed",
      path: pathname,
      method: request.method,
      request_id: requestId,
      kind,
    }),
  );
  return { code: "internal", message: `Something went wrong here. Ask the operator to look up request ${requestId}.` };
}

function failure(error: ErrorBody, requestId: string, more: Record<string, string> = {}): Response {
  return Response.json(
    { ok: false, error },
    { status: statusOf(error), headers: { ...headersOf(requestId), ...more } },
  );
}

function headersOf(requestId: string): Record<string, string> {
  return { [REQUEST_ID_HEADER]: requestId, "cache-control": "no-store", "x-content-type-options": "nosniff" };
}

/** The caller's request id where it is one, else a new one. */
function requestIdOf(request: Request): string {
  const given = request.headers.get(REQUEST_ID_HEADER) ?? "";
  return /^[A-Za-z0-9._-]{1,128}$/.test(given) ? given : crypto.randomUUID();
}
