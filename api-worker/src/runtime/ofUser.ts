import { ApiError } from "@oa/contract";
import type { ControlInstance, ErrorCode } from "@oa/contract";
import type * as z from "zod";
import type { Services } from "../context.ts";
import type { RuntimeAnswer, RuntimeCall, RuntimeStreamCall } from "./client.ts";
import { askRuntime, openRuntimeStream } from "./client.ts";

/** Milliseconds a runtime has for what it has at hand. */
export const READ_DEADLINE_MS = 10_000;
/** Milliseconds for a restart, a backup, a restore. */
export const WORK_DEADLINE_MS = 120_000;

/** A user's own runtime, opened. */
export interface UserRuntime {
  instance: ControlInstance;
  /** @throws ApiError by the table below. */
  ask<S extends z.ZodType>(call: RuntimeCall<S>, words?: Words): Promise<z.output<S>>;
  /** @throws ApiError by the same table, while nothing of the stream has come. */
  open(call: RuntimeStreamCall): Promise<ReadableStream<Uint8Array>>;
}

/**
 * Finds the runtime of a user: there is no other way to one, so an id in a path can only ever meet its own tenant.
 *
 * @throws ApiError `no_instance`, `runtime_not_ready`, `secret_corrupt`, `control_unreachable`
 */
export async function runtimeOfUser(services: Services, userId: string, requestId: string): Promise<UserRuntime> {
  const { control, fleet } = services;
  const [instance, stored] = await Promise.all([
    control.instanceOf(userId),
    control.readSecret(userId, "service_token"),
  ]);
  if (instance === null || instance.status === "deleted")
    throw new ApiError("no_instance", "You have no OpenClaw yet. Create one first.");
  const token = fleet.fixedServiceToken ?? stored;
  if (token === null || instance.runtime_url === null) throw notReady();
  const target = { base: fleet.runtimeUrl(instance), token, requestId };
  return {
    instance,
    ask: async (call, words = {}) => dataOf(await askRuntime(target, call), words),
    open: async (call) => dataOf(await openRuntimeStream(target, call), {}),
  };
}

function dataOf<T>(answer: RuntimeAnswer<T>, words: Words): T {
  if (answer.kind === "data") return answer.data;
  throw answer.kind === "silent" ? unreachable() : refusal(answer.code, words);
}

type Words = Partial<Record<ErrorCode, string>>;

/** Sentences for the runtime's own codes. Its words are never passed on: they may carry what it was sent. */
const WORDS: Words = {
  not_found: "There is nothing with this id.",
  expired: "This request has expired. Ask again from the device.",
  conflict: "It changed since it was shown. Look again and decide anew.",
  busy: "Another restart, backup or restore is under way. Try again when it is done.",
  backup_corrupt: "This backup does not verify. Nothing was restored.",
  gateway_unavailable: "The gateway is not running, or still starting. Try again in a moment.",
};

function refusal(code: ErrorCode, words: Words): ApiError {
  const sentence = words[code] ?? WORDS[code];
  if (sentence !== undefined) return new ApiError(code, sentence);
  return new ApiError("runtime_error", "The runtime could not do this.", { code });
}

function notReady(): ApiError {
  return new ApiError("runtime_not_ready", "Your OpenClaw is still being set up. Try again when it is ready.");
}

function unreachable(): ApiError {
  return new ApiError("runtime_unreachable", "Your OpenClaw does not answer right now. Try again in a moment.");
}
