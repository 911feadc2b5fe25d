import { ApiError, ERROR_STATUS, errorBody } from "@oa/contract";
import type { AppContext } from "../context.ts";

/** Any error as the envelope. What nobody foresaw is said in one fixed sentence; the log has the rest, by request id. */
export function answerError(error: Error, c: AppContext): Response {
  const known = error instanceof ApiError ? error : unforeseen(error, c.get("requestId"));
  c.header("cache-control", "no-store");
  return c.json(errorBody(known), ERROR_STATUS[known.code]);
}

function unforeseen(error: Error, requestId: string): ApiError {
  console.error(
    JSON.stringify({
      level: "error",
      event: "unforeseen",
      request_id: requestId,
      name: error.name,
      message: error.message,
      stack: error.stack,
    }),
  );
  return new ApiError("internal", "Something went wrong here. The request id finds it in the logs.");
}
