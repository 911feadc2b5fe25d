import {
  API_PATHS,
  INTERNAL_KEY_HEADER,
  type InstanceStatus,
  InstanceAccepted,
  InstanceRead,
  type InstanceSummary,
  parseEnvelope,
  USER_ID_HEADER,
  WebSession,
} from "@oa/contract";
import { setTimeout as sleep } from "node:timers/promises";
import type * as z from "zod";
import type { TestStack } from "./stack.ts";

/** One answer of the API: status, headers and the parsed body. */
export interface Answer {
  status: number;
  headers: Headers;
  body: unknown;
}

/** A caller of the API: a browser with its cookie, or a service with the internal key. */
export interface Caller {
  readonly name: string;
  call(method: string, path: string, body?: unknown): Promise<Answer>;
  /** The `data` of an ok envelope; throws with the error's code and message otherwise. */
  data<S extends z.ZodType>(schema: S, method: string, path: string, body?: unknown): Promise<z.infer<S>>;
}

function caller(name: string, origin: () => string, headers: () => Record<string, string>): Caller {
  const call: Caller["call"] = async (method, path, body) => {
    const response = await fetch(`${origin()}${path}`, {
      method,
      headers: { ...headers(), ...(body === undefined ? {} : { "content-type": "application/json" }) },
      redirect: "manual",
      signal: AbortSignal.timeout(150_000),
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    let parsed: unknown = text;
    try {
      parsed = JSON.parse(text);
    } catch {
      // Not every answer is JSON; the test that wanted JSON fails on the text.
    }
    return { status: response.status, headers: response.headers, body: parsed };
  };
  return {
    name,
    call,
    async data(schema, method, path, body) {
      const answer = await call(method, path, body);
      const envelope = parseEnvelope(schema, answer.body);
      if (!envelope.ok)
        throw new Error(
          `${name} ${method} ${path}: ${answer.status} ${envelope.error.code}: ${envelope.error.message}`,
        );
      return envelope.data;
    },
  };
}

/** A service that acts for `userId` with the seed's internal headers. */
export function serviceCaller(stack: TestStack, userId: string): Caller {
  return caller(
    `service for ${userId}`,
    () => stack.info().api,
    () => ({ [INTERNAL_KEY_HEADER]: stack.info().secrets.OA_INTERNAL_KEY, [USER_ID_HEADER]: userId }),
  );
}

/** A browser that has signed up: its cookie, its own origin, and its user id. */
export async function signUp(
  stack: TestStack,
  email: string,
): Promise<{ browser: Caller; userId: string; cookie: string }> {
  const response = await fetch(`${stack.info().api}${API_PATHS.webSignUp}`, {
    method: "POST",
    headers: { "content-type": "application/json", origin: stack.info().api, "sec-fetch-site": "same-origin" },
    body: JSON.stringify({ email, password: "correct horse battery staple" }),
    signal: AbortSignal.timeout(60_000),
  });
  const cookie = response.headers.getSetCookie()[0]?.split(";")[0];
  const envelope = parseEnvelope(WebSession, await response.json());
  if (!envelope.ok || envelope.data.user === null || cookie === undefined) {
    throw new Error(`sign-up of ${email} failed: ${response.status}`);
  }
  const browser = caller(
    email,
    () => stack.info().api,
    () => ({ cookie, origin: stack.info().api, "sec-fetch-site": "same-origin" }),
  );
  return { browser, userId: envelope.data.user.user_id, cookie };
}

/** The caller's instance, or null. */
export async function readInstance(who: Caller): Promise<InstanceSummary | null> {
  return (await who.data(InstanceRead, "GET", API_PATHS.instance)).instance;
}

/** Presses Create (or Start, or Retry). */
export async function createInstance(who: Caller): Promise<InstanceSummary> {
  return (await who.data(InstanceAccepted, "POST", API_PATHS.instance, {})).instance;
}

/** Waits for the status. Throws with the last reason and steps when it is not reached, or when it ends in `error`. */
export async function untilStatus(who: Caller, wanted: InstanceStatus, deadlineMs: number): Promise<InstanceSummary> {
  const deadline = performance.now() + deadlineMs;
  let last = "nothing was read";
  while (performance.now() < deadline) {
    try {
      const instance = await readInstance(who);
      if (instance?.status === wanted) return instance;
      last = JSON.stringify(instance);
      if (instance?.status === "error" && wanted !== "error") break;
    } catch (error) {
      last = error instanceof Error ? error.message : String(error);
    }
    await sleep(250);
  }
  throw new Error(`${who.name}: not ${wanted} within ${Math.round(deadlineMs / 1000)} s; last: ${last}`);
}

/** Waits until the API answers again. */
export async function untilApiAnswers(stack: TestStack, deadlineMs = 60_000): Promise<void> {
  const deadline = performance.now() + deadlineMs;
  for (;;) {
    try {
      const response = await fetch(`${stack.info().api}${API_PATHS.webConfig}`, {
        signal: AbortSignal.timeout(10_000),
      });
      await response.body?.cancel();
      if (response.ok) return;
    } catch {
      // Not there yet.
    }
    if (performance.now() > deadline) throw new Error("the API did not come back");
    await sleep(200);
  }
}
