import {
  ApiError,
  type BackupList,
  type BackupResult,
  type DeviceLists,
  LAST_EVENT_ID_HEADER,
  PathId,
  REQUEST_ID_HEADER,
  RestoreRequest,
  type RuntimeStatus,
  okBody,
} from "@oa/contract";
import { Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import { requestId } from "hono/request-id";
import * as z from "zod";
import { MAX_BODY_BYTES, errorAnswer, jsonBody, parse, tooLarge } from "./answers.ts";
import { eventStream } from "./eventStream.ts";
import { logStream } from "./logStream.ts";
import type { Events, Gateway, Logs, RuntimeInfo, ServiceTokens, Storage } from "./ports.ts";
import { requireServiceToken } from "./serviceToken.ts";

export interface RuntimeAppOptions {
  tokens: ServiceTokens;
  gateway: Gateway;
  storage: Storage;
  logs: Logs;
  events: Events;
  info: RuntimeInfo;
  /** Gets what no answer may show: the error behind an `internal`. */
  report: (error: unknown) => void;
}

const Position = z
  .string()
  .regex(/^\d{1,15}$/, "it is a whole number")
  .transform(Number);

/**
 * The service API of one instance: `/v1/*` behind its service token, the envelope on every answer. Runs wherever Hono runs
 * (a Node host, a container, a Worker): everything of the machine comes in through the ports.
 */
export function createRuntimeApp(options: RuntimeAppOptions): Hono {
  const { gateway, storage, info } = options;
  const app = new Hono();

  app.use(requestId({ headerName: REQUEST_ID_HEADER }));
  app.use(async (c, next) => {
    await next();
    c.header("cache-control", "no-store");
  });
  // The gate comes before everything that reads, so that a stranger's body is never read and no id is ever looked up.
  app.use(requireServiceToken(options.tokens));
  app.use(bodyLimit({ maxSize: MAX_BODY_BYTES, onError: () => Promise.reject(tooLarge()) }));

  app.get("/v1/status", async (c) => {
    const status: RuntimeStatus = {
      gateway: gateway.status(),
      lastBackup: storage.last(),
      container: { instanceType: info.instanceType },
      version: info.version,
      health: await gateway.health(),
      jobs: info.jobs(),
    };
    return c.json(okBody(status));
  });

  app.post("/v1/gateway/restart", async (c) => c.json(okBody(await gateway.restart())));

  app.post("/v1/storage/backup", async (c) => {
    const made = await storage.backup();
    const result: BackupResult = { lastBackup: made.createdAt, id: made.id, size: made.size, sha256: made.sha256 };
    return c.json(okBody(result));
  });

  app.get("/v1/storage/backups", async (c) => {
    const list: BackupList = { backups: await storage.list() };
    return c.json(okBody(list));
  });

  app.post("/v1/storage/restore", async (c) => {
    const wish = parse(RestoreRequest, await jsonBody(c), "restore request");
    return c.json(okBody(await storage.restore(wish.id)));
  });

  app.get("/v1/devices", async (c) => {
    const lists: DeviceLists = await gateway.devices();
    return c.json(okBody(lists));
  });

  app.post("/v1/devices/:requestId/approve", async (c) =>
    c.json(okBody(await gateway.approve(parse(PathId, c.req.param("requestId"), "request id")))),
  );

  app.post("/v1/devices/:requestId/reject", async (c) =>
    c.json(okBody(await gateway.reject(parse(PathId, c.req.param("requestId"), "request id")))),
  );

  app.delete("/v1/devices/:deviceId", async (c) =>
    c.json(okBody(await gateway.remove(parse(PathId, c.req.param("deviceId"), "device id")))),
  );

  app.on(["GET", "POST"], "/v1/connect", (c) => c.json(okBody(gateway.connectInfo())));

  app.get("/v1/logs", async (c) => {
    const since = parse(Position, c.req.query("since") ?? "0", "`since` of the query");
    return c.json(okBody(await options.logs.read(since)));
  });

  const followLogs = logStream(options.logs, options.report);
  app.get("/v1/logs/stream", (c) => {
    const since = c.req.header(LAST_EVENT_ID_HEADER) ?? c.req.query("since");
    return followLogs(c, since === undefined ? null : parse(Position, since, "position in the log"));
  });

  app.get("/v1/events", eventStream(options.events, options.report));

  app.notFound((c) =>
    errorAnswer(c, new ApiError("not_found", `There is no ${c.req.method} ${c.req.path} here.`), options.report),
  );
  app.onError((error, c) => errorAnswer(c, error, options.report));
  return app;
}
