import { REQUEST_ID_HEADER } from "@oa/contract";
import { createMiddleware } from "hono/factory";
import type { AppEnv } from "../context.ts";

/** One JSON line a request. Path only: queries, headers and bodies may carry what a log must not keep. */
export const logRequests = createMiddleware<AppEnv>(async (c, next) => {
  const start = Date.now();
  await next();
  // Again here: a file of the website arrives as a response of its own, without what was prepared before it.
  c.header(REQUEST_ID_HEADER, c.get("requestId"));
  console.log(
    JSON.stringify({
      level: "info",
      event: "request",
      request_id: c.get("requestId"),
      method: c.req.method,
      path: c.req.path,
      status: c.res.status,
      ms: Date.now() - start,
    }),
  );
});
