import {
  ADMIN_PATHS,
  DeviceDecision,
  DeviceLists,
  InstanceAccepted,
  PathId,
  RUNTIME_PATHS,
  RestartResult,
  UserId,
  observed,
} from "@oa/contract";
import * as z from "zod";
import { audited } from "../audit.ts";
import { mirror, mirrorDevices } from "../mirror.ts";
import { route } from "../route.ts";
import { READ_DEADLINE_MS, WORK_DEADLINE_MS, runtimeOfUser } from "../runtime/ofUser.ts";
import { RUNTIME_ERRORS } from "./runtime.ts";

/** Of a person here, or a trusted service's own user: ids of those hold more than letters. */
const OfUser = z.object({ params: z.object({ userId: UserId }) });
const OfRequest = z.object({ params: z.object({ userId: UserId, requestId: PathId }) });

/** What administrators do for others. Every act is audited with them as actor and the user as subject. */
export const adminRoutes = [
  route({
    method: "POST",
    path: ADMIN_PATHS.stop,
    gate: "admin",
    summary: "Stop a user's instance; its data stays",
    input: OfUser,
    answer: InstanceAccepted,
    status: 202,
    errors: ["no_instance", "conflict"],
    async handle(call) {
      const { userId } = call.input.params;
      const act = { action: "admin.instance.stop", target: null, subject: userId };
      const { instance } = await audited(call, act, () => call.services.control.claim(userId, "stopped"));
      return { instance };
    },
  }),
  route({
    method: "DELETE",
    path: ADMIN_PATHS.instance,
    gate: "admin",
    summary: "Delete a user's instance, its secrets and its data",
    input: OfUser,
    answer: InstanceAccepted,
    status: 202,
    errors: ["no_instance"],
    async handle(call) {
      const { userId } = call.input.params;
      const act = { action: "admin.instance.delete", target: null, subject: userId };
      const { instance } = await audited(call, act, () => call.services.control.claim(userId, "deleted"));
      return { instance };
    },
  }),
  route({
    method: "POST",
    path: ADMIN_PATHS.restart,
    gate: "admin",
    summary: "Restart a user's gateway; answers when the new one is ready",
    input: OfUser,
    answer: RestartResult,
    errors: [...RUNTIME_ERRORS, "busy", "conflict", "gateway_unavailable"],
    async handle(call) {
      const { userId } = call.input.params;
      const runtime = await runtimeOfUser(call.services, userId, call.requestId);
      const act = { action: "admin.runtime.restart", target: null, subject: userId };
      const ask = {
        method: "POST",
        path: RUNTIME_PATHS.restart,
        answer: RestartResult,
        deadlineMs: WORK_DEADLINE_MS,
      } as const;
      return await audited(call, act, () => runtime.ask(ask));
    },
  }),
  route({
    method: "GET",
    path: ADMIN_PATHS.devices,
    gate: "admin",
    summary: "A user's pairing requests and devices",
    input: OfUser,
    answer: observed(DeviceLists),
    errors: [...RUNTIME_ERRORS, "gateway_unavailable"],
    async handle(call) {
      const runtime = await runtimeOfUser(call.services, call.input.params.userId, call.requestId);
      const data = await runtime.ask({
        method: "GET",
        path: RUNTIME_PATHS.devices,
        answer: DeviceLists,
        deadlineMs: READ_DEADLINE_MS,
      });
      const observed_at = Date.now();
      mirror(call, runtime.instance, { observed_at, devices: data });
      return { observed_at, data };
    },
  }),
  ...(
    [
      { verb: "approve", path: ADMIN_PATHS.deviceApprove, summary: "Let a user's device in" },
      { verb: "reject", path: ADMIN_PATHS.deviceReject, summary: "Turn a user's pairing request down" },
    ] as const
  ).map(({ verb, path, summary }) =>
    route({
      method: "POST",
      path,
      gate: "admin",
      summary,
      input: OfRequest,
      answer: DeviceDecision,
      errors: [...RUNTIME_ERRORS, "not_found", "expired", "conflict", "gateway_unavailable"],
      async handle(call) {
        const { userId, requestId } = call.input.params;
        const runtime = await runtimeOfUser(call.services, userId, call.requestId);
        const ask = {
          method: "POST",
          path: `${RUNTIME_PATHS.devices}/${encodeURIComponent(requestId)}/${verb}`,
          answer: DeviceDecision,
          deadlineMs: READ_DEADLINE_MS,
        } as const;
        const act = { action: `admin.device.${verb}`, target: requestId, subject: userId };
        const words = { not_found: "No pairing request with this id is waiting." };
        const decision = await audited(call, act, () => runtime.ask(ask, words));
        mirrorDevices(call, runtime);
        return decision;
      },
    }),
  ),
];
