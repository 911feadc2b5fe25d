import {
  API_PATHS,
  BackupList,
  BackupResult,
  ConnectInfo,
  LAST_EVENT_ID_HEADER,
  LogPage,
  RUNTIME_PATHS,
  RestartResult,
  RestoreRequest,
  RestoreResult,
  RuntimeStatus,
  observed,
} from "@oa/contract";
import * as z from "zod";
import { audited } from "../audit.ts";
import { currentSession } from "../middleware/gates.ts";
import { mirror } from "../mirror.ts";
import { NOTHING, route, stream } from "../route.ts";
import { READ_DEADLINE_MS, WORK_DEADLINE_MS, runtimeOfUser } from "../runtime/ofUser.ts";

/** What every route to a runtime may answer. */
export const RUNTIME_ERRORS = [
  "no_instance",
  "runtime_not_ready",
  "runtime_unreachable",
  "runtime_error",
  "secret_corrupt",
] as const;

/** A position in a log, as it stands in a query. */
const LogPosition = z.string().regex(/^\d{1,15}$/, "a position is a whole number");

/** A stream is ended after this time, and its reader comes back. */
const STREAM_LIFE_MS = 15 * 60_000;

export const runtimeRoutes = [
  route({
    method: "GET",
    path: API_PATHS.runtimeStatus,
    gate: "actor",
    summary: "How the runtime and its gateway are, asked just now",
    input: NOTHING,
    answer: observed(RuntimeStatus),
    errors: RUNTIME_ERRORS,
    async handle(call) {
      const runtime = await runtimeOfUser(call.services, call.granted.userId, call.requestId);
      const data = await runtime.ask({
        method: "GET",
        path: RUNTIME_PATHS.status,
        answer: RuntimeStatus,
        deadlineMs: READ_DEADLINE_MS,
      });
      const observed_at = Date.now();
      const gateway = { status: data.gateway.status, reason: data.gateway.reason ?? null };
      mirror(call, runtime.instance, { observed_at, gateway, jobs: data.jobs });
      return { observed_at, data };
    },
  }),
  route({
    method: "POST",
    path: API_PATHS.runtimeRestart,
    gate: "actor",
    summary: "Restart the gateway; answers when the new one is ready",
    input: NOTHING,
    answer: RestartResult,
    errors: [...RUNTIME_ERRORS, "busy", "conflict", "gateway_unavailable"],
    async handle(call) {
      const runtime = await runtimeOfUser(call.services, call.granted.userId, call.requestId);
      const act = { action: "runtime.restart", target: null };
      return audited(call, act, () =>
        runtime.ask({
          method: "POST",
          path: RUNTIME_PATHS.restart,
          answer: RestartResult,
          deadlineMs: WORK_DEADLINE_MS,
        }),
      );
    },
  }),
  route({
    method: "POST",
    path: API_PATHS.runtimeBackup,
    gate: "actor",
    summary: "Make a backup and verify it",
    input: NOTHING,
    answer: BackupResult,
    errors: [...RUNTIME_ERRORS, "busy", "gateway_unavailable"],
    async handle(call) {
      const runtime = await runtimeOfUser(call.services, call.granted.userId, call.requestId);
      const act = { action: "runtime.backup", target: null };
      return audited(call, act, () =>
        runtime.ask({ method: "POST", path: RUNTIME_PATHS.backup, answer: BackupResult, deadlineMs: WORK_DEADLINE_MS }),
      );
    },
  }),
  route({
    method: "GET",
    path: API_PATHS.runtimeBackups,
    gate: "actor",
    summary: "The backups kept",
    input: NOTHING,
    answer: BackupList,
    errors: RUNTIME_ERRORS,
    async handle({ services, granted, requestId }) {
      const runtime = await runtimeOfUser(services, granted.userId, requestId);
      return runtime.ask({
        method: "GET",
        path: RUNTIME_PATHS.backups,
        answer: BackupList,
        deadlineMs: READ_DEADLINE_MS,
      });
    },
  }),
  route({
    method: "POST",
    path: API_PATHS.runtimeRestore,
    gate: "actor",
    summary: "Verify a backup, then put it in the place of today's state, which is kept as a backup too",
    input: z.object({ body: RestoreRequest }),
    answer: RestoreResult,
    errors: [...RUNTIME_ERRORS, "not_found", "busy", "backup_corrupt"],
    async handle(call) {
      const { id } = call.input.body;
      const runtime = await runtimeOfUser(call.services, call.granted.userId, call.requestId);
      const ask = {
        method: "POST",
        path: RUNTIME_PATHS.restore,
        body: { id },
        answer: RestoreResult,
        deadlineMs: WORK_DEADLINE_MS,
      } as const;
      const words = { not_found: "There is no backup with this id." };
      return audited(call, { action: "runtime.restore", target: id }, () => runtime.ask(ask, words));
    },
  }),
  route({
    method: "GET",
    path: API_PATHS.runtimeLogs,
    gate: "actor",
    summary: "Log lines of the gateway, redacted, after position `since`",
    input: z.object({
      query: z.object({ since: LogPosition.optional() }),
    }),
    answer: LogPage,
    errors: RUNTIME_ERRORS,
    async handle({ services, granted, requestId, input }) {
      const runtime = await runtimeOfUser(services, granted.userId, requestId);
      const path = `${RUNTIME_PATHS.logs}?since=${input.query.since ?? "0"}`;
      return runtime.ask({ method: "GET", path, answer: LogPage, deadlineMs: READ_DEADLINE_MS });
    },
  }),
  stream({
    path: API_PATHS.runtimeLogsStream,
    gate: "actor",
    summary:
      "The log as it is written, as server-sent events: `lines` with a page each, `gap` where lines were gone; from `Last-Event-ID`, else `since`, else the newest lines. Ends after 15 minutes, to be opened again",
    input: z.object({ query: z.object({ since: LogPosition.optional() }) }),
    errors: RUNTIME_ERRORS,
    async handle({ services, granted, requestId, input, c }) {
      const { since } = input.query;
      const runtime = await runtimeOfUser(services, granted.userId, requestId);
      const lastEventId = LogPosition.safeParse(c.req.header(LAST_EVENT_ID_HEADER));
      return runtime.open({
        path: `${RUNTIME_PATHS.logsStream}${since === undefined ? "" : `?since=${since}`}`,
        lastEventId: lastEventId.success ? lastEventId.data : null,
        headersDeadlineMs: READ_DEADLINE_MS,
        lifeMs: STREAM_LIFE_MS,
        gone: c.req.raw.signal,
        // Signing out ends what is being shown, too.
        stands: granted.via === "session" ? async () => (await currentSession(c, services)) !== null : undefined,
      });
    },
  }),
  route({
    method: "POST",
    path: API_PATHS.runtimeConnect,
    gate: "actor",
    summary: "Show the gateway's address and token, for a device that is to be connected",
    input: NOTHING,
    answer: ConnectInfo,
    errors: [...RUNTIME_ERRORS, "gateway_unavailable"],
    async handle(call) {
      const runtime = await runtimeOfUser(call.services, call.granted.userId, call.requestId);
      const act = { action: "runtime.connect", target: null };
      return audited(call, act, () =>
        runtime.ask({ method: "GET", path: RUNTIME_PATHS.connect, answer: ConnectInfo, deadlineMs: READ_DEADLINE_MS }),
      );
    },
  }),
];
