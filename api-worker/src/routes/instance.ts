import { API_PATHS, ApiError, InstanceAccepted, InstanceRead, InstanceWish } from "@oa/contract";
import * as z from "zod";
import { audited } from "../audit.ts";
import type { ControlClient } from "../control/client.ts";
import { NOTHING, route } from "../route.ts";

/** A user's instance: one row, whose wish these routes change. Convex drives the work. */
export const instanceRoutes = [
  route({
    method: "GET",
    path: API_PATHS.instance,
    gate: "actor",
    summary: "Your instance: status, steps, and why it is so",
    input: NOTHING,
    answer: InstanceRead,
    async handle({ granted, services }) {
      return { instance: await services.control.instanceOf(granted.userId) };
    },
  }),
  route({
    method: "POST",
    path: API_PATHS.instance,
    gate: "actor",
    summary: "Create, start again or stop your instance; the same wish twice changes nothing",
    input: z.object({ body: InstanceWish }),
    answer: InstanceAccepted,
    status: 202,
    errors: ["no_instance", "conflict"],
    async handle(call) {
      const { desired } = call.input.body;
      const { userId } = call.granted;
      if (desired === "stopped") await assertExists(call.services.control, userId);
      const action = desired === "running" ? "instance.create" : "instance.stop";
      const { instance } = await audited(call, { action, target: null }, () =>
        call.services.control.claim(userId, desired),
      );
      return { instance };
    },
  }),
  route({
    method: "DELETE",
    path: API_PATHS.instance,
    gate: "actor",
    summary: "Delete your instance, its secrets and its data",
    input: NOTHING,
    answer: InstanceAccepted,
    status: 202,
    errors: ["no_instance"],
    async handle(call) {
      const { userId } = call.granted;
      await assertExists(call.services.control, userId);
      const act = { action: "instance.delete", target: null };
      const { instance } = await audited(call, act, () => call.services.control.claim(userId, "deleted"));
      return { instance };
    },
  }),
];

async function assertExists(control: ControlClient, userId: string): Promise<void> {
  if ((await control.instanceOf(userId)) === null)
    throw new ApiError("no_instance", "You have no OpenClaw yet. Create one first.");
}
