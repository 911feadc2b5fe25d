/** The methods of `t`, for one caller. */
import { actionGeneric, mutationGeneric, queryGeneric, type UserIdentity } from "convex/server";
import { convexToJson, jsonToConvex, type Value } from "convex/values";
import type { Identity, Json, UdfResult } from "../engine/types.ts";
import { resolveAddress } from "../engine/functions/code.ts";
import { causeOf } from "../engine/functions/errors.ts";
import { registeredFunction } from "../engine/functions/registered.ts";
import { newRequest, type RequestInfo } from "../engine/functions/run.ts";
import { isObject, parseJson } from "../engine/values/json.ts";
import type { TestDeployment } from "./deployment.ts";

/** Who the test speaks as. */
export interface Caller {
  identity: Identity;
  ip: string | null;
  userAgent: string | null;
}

type Kind = "query" | "mutation" | "action";
type Handler = (ctx: unknown) => unknown;

const SITE = "https://some.convex.site";
/** Captured before a test fakes them: they let real work finish while fake time stands still. */
const { setTimeout: realSetTimeout, setImmediate: realSetImmediate } = globalThis;
/** Turns given to jobs whose (real) time has not come before they are left alone. */
const MAX_IDLE_TURNS = 20;
const GENERIC = { query: queryGeneric, mutation: mutationGeneric, action: actionGeneric };

export function accessor(
  deployment: TestDeployment,
  caller: Caller,
  addressOf: (reference: unknown) => object,
): object {
  const { runner, scheduler } = deployment.engine;
  const request = (): RequestInfo => newRequest({ ip: caller.ip, userAgent: caller.userAgent });

  async function call(kind: Kind, target: unknown, args: Value = {}): Promise<unknown> {
    await deployment.ready();
    const path = isHandler(target)
      ? inline(kind, target)
      : resolveAddress(jsonObject(addressOf(target)), deployment.app);
    const json: Json = convexToJson(args);
    const full = { path, args: json, identity: caller.identity, allowInternal: true };
    if (kind === "query") return valueOf((await runner.runQuery(full, { request: request() })).result);
    if (kind === "mutation") return valueOf((await runner.runMutation(full, { request: request() })).result);
    return valueOf(await runner.runAction(full, request()));
  }

  function inline(kind: Kind, handler: Handler) {
    const fn = registeredFunction(GENERIC[kind]({ handler }), "isolate");
    if (fn === null) throw new TypeError("convex/server did not register the function");
    return deployment.addInline(fn);
  }

  return {
    query: (target: unknown, args?: Value) => call("query", target, args),
    mutation: (target: unknown, args?: Value) => call("mutation", target, args),
    action: (target: unknown, args?: Value) => call("action", target, args),
    run: (handler: Handler) => call("mutation", handler),
    fetch: async (path: string, init?: RequestInit) => {
      if (!path.startsWith("/")) throw new Error("Path given to `t.fetch` must start with a `/`");
      await deployment.ready();
      const incoming = new Request(SITE + path, init);
      const response = await runner.runHttpAction(incoming, caller.identity, { request: request() });
      const thrown = causeOf(response);
      if (thrown !== undefined) throw decoded(thrown);
      return response;
    },
    finishInProgressScheduledFunctions: () => scheduler.settle(),
    finishAllScheduledFunctions: async (advanceTimers: () => void, maxIterations = 100) => {
      let idleTurns = 0;
      for (let i = 0; i < maxIterations;) {
        advanceTimers();
        await turn();
        if (scheduler.isRunning) {
          await finishWhile(advanceTimers);
          idleTurns = 0;
          i += 1;
        } else if (!scheduler.isArmed || ++idleTurns > MAX_IDLE_TURNS) return;
      }
      throw new Error(
        "finishAllScheduledFunctions: too many iterations. Do scheduled functions schedule themselves for ever?",
      );
    },
    withIdentity: (attributes: Partial<UserIdentity>) =>
      accessor(deployment, { ...caller, identity: userIdentity(attributes) }, addressOf),
    withRequestMetadata: (metadata: { ip?: string | null; userAgent?: string | null }) =>
      accessor(deployment, { ...caller, ip: metadata.ip ?? null, userAgent: metadata.userAgent ?? null }, addressOf),
  };

  /** Running functions may themselves wait for fake timers (actions do), so time goes on while they run. */
  async function finishWhile(advanceTimers: () => void): Promise<void> {
    while (scheduler.isRunning) {
      await turn();
      advanceTimers();
    }
  }
}

/** One turn of the real event loop, timers and I/O included. */
async function turn(): Promise<void> {
  await new Promise((resolve) => realSetTimeout(resolve, 0));
  await new Promise((resolve) => realSetImmediate(resolve));
}

function valueOf(result: UdfResult): unknown {
  if (result.ok) return jsonToConvex(parseJson(result.valueJson));
  const thrown = causeOf(result);
  throw thrown === undefined ? new Error(result.errorMessage) : decoded(thrown);
}

/** `convex/server` leaves a ConvexError's data as JSON text for its host to decode. */
function decoded(thrown: unknown): unknown {
  if (typeof thrown === "object" && thrown !== null && Symbol.for("ConvexError") in thrown) {
    const data: unknown = Reflect.get(thrown, "data");
    if (typeof data === "string") Reflect.set(thrown, "data", jsonToConvex(parseJson(data)));
  }
  return thrown;
}

function userIdentity(attributes: Partial<UserIdentity>): Identity {
  const text = JSON.stringify(attributes);
  const subject =
    attributes.subject ?? String(Array.from(text).reduce((hash, letter) => (hash * 31 + letter.charCodeAt(0)) | 0, 0));
  const issuer = attributes.issuer ?? "https://convex.test";
  const full = {
    ...jsonObject(attributes),
    subject,
    issuer,
    tokenIdentifier: attributes.tokenIdentifier ?? `${issuer}|${subject}`,
  };
  return {
    kind: "user",
    attributes: full,
    token: `test.${Buffer.from(text).toString("base64url")}.`,
    expiresAtMs: Infinity,
  };
}

function jsonObject(value: object): { [key: string]: Json } {
  const json = parseJson(JSON.stringify(value));
  return isObject(json) ? json : {};
}

/** Function references are objects or proxies made by `anyApi`; functions of the test are plain functions. */
function isHandler(target: unknown): target is Handler {
  return typeof target === "function";
}
