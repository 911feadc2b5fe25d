import { ApiError, ERROR_STATUS } from "@oa/contract";
import type { AppContext } from "../context.ts";
import { retryAfterOf } from "../limits.ts";
import { OAuthProblem, oauthProblemBody } from "../oauthProblem.ts";
import { shouldRetry } from "../openaiError.ts";
import { failureBody, wireOf } from "../wire.ts";

/** Any error in the form its path answers in (`wire.ts`). What nobody foresaw is said in one fixed sentence; the log has the rest, by request id. */
export function answerError(error: Error, c: AppContext): Response {
  if (error instanceof OAuthProblem) {
    c.header("cache-control", "no-store");
    return c.json(oauthProblemBody(error), 400);
  }
  const known = error instanceof ApiError ? error : unforeseen(error, c.get("requestId"));
  c.header("cache-control", "no-store");
  const wait = retryAfterOf(known);
  if (wait !== null) c.header("retry-after", String(wait));
  const wire = wireOf(c.req.path);
  if (wire === "openai" && shouldRetry(known) === false) c.header("x-should-retry", "false");
  return c.json(failureBody(wire, known, c.get("codeNames")), ERROR_STATUS[known.code]);
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
