import { API_PATHS, DeviceDecision, DeviceLists, DeviceRemoval, PathId, RUNTIME_PATHS, observed } from "@oa/contract";
import * as z from "zod";
import { audited } from "../audit.ts";
import { mirror, mirrorDevices } from "../mirror.ts";
import { NOTHING, route } from "../route.ts";
import { READ_DEADLINE_MS, runtimeOfUser } from "../runtime/ofUser.ts";
import { RUNTIME_ERRORS } from "./runtime.ts";

/** An id of another tenant is unknown to the caller's own runtime, so both get this sentence and nothing else. */
const NO_REQUEST = { not_found: "No pairing request with this id is waiting." };
const NO_DEVICE = { not_found: "No device with this id is paired." };

/** Ids are checked by `PathId` and encoded again: in the runtime's path they are one segment, whatever they hold. */
const requestPath = (requestId: string, verb: "approve" | "reject") =>
  `${RUNTIME_PATHS.devices}/${encodeURIComponent(requestId)}/${verb}`;

export const deviceRoutes = [
  route({
    method: "GET",
    path: API_PATHS.runtimeDevices,
    gate: "actor",
    summary: "Pairing requests that wait, and devices that are paired",
    input: NOTHING,
    answer: observed(DeviceLists),
    errors: [...RUNTIME_ERRORS, "gateway_unavailable"],
    async handle(call) {
      const runtime = await runtimeOfUser(call.services, call.granted.userId, call.requestId);
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
  decision("approve", API_PATHS.deviceApprove, "Let the device of a pairing request in"),
  decision("reject", API_PATHS.deviceReject, "Turn a pairing request down"),
  route({
    method: "DELETE",
    path: API_PATHS.runtimeDevice,
    gate: "actor",
    summary: "Remove a paired device; it is disconnected and must ask again",
    input: z.object({ params: z.object({ deviceId: PathId }) }),
    answer: DeviceRemoval,
    errors: [...RUNTIME_ERRORS, "not_found", "gateway_unavailable"],
    async handle(call) {
      const { deviceId } = call.input.params;
      const runtime = await runtimeOfUser(call.services, call.granted.userId, call.requestId);
      const path = `${RUNTIME_PATHS.devices}/${encodeURIComponent(deviceId)}`;
      const ask = { method: "DELETE", path, answer: DeviceRemoval, deadlineMs: READ_DEADLINE_MS } as const;
      const removal = await audited(call, { action: "device.remove", target: deviceId }, () =>
        runtime.ask(ask, NO_DEVICE),
      );
      mirrorDevices(call, runtime);
      return removal;
    },
  }),
];

/** The two answers to a pairing request differ in their verb alone. */
function decision(verb: "approve" | "reject", path: string, summary: string) {
  return route({
    method: "POST",
    path,
    gate: "actor",
    summary,
    input: z.object({ params: z.object({ requestId: PathId }) }),
    answer: DeviceDecision,
    errors: [...RUNTIME_ERRORS, "not_found", "expired", "conflict", "gateway_unavailable"],
    async handle(call) {
      const { requestId } = call.input.params;
      const runtime = await runtimeOfUser(call.services, call.granted.userId, call.requestId);
      const ask = {
        method: "POST",
        path: requestPath(requestId, verb),
        answer: DeviceDecision,
        deadlineMs: READ_DEADLINE_MS,
      } as const;
      const decided = await audited(call, { action: `device.${verb}`, target: requestId }, () =>
        runtime.ask(ask, NO_REQUEST),
      );
      mirrorDevices(call, runtime);
      return decided;
    },
  });
}
