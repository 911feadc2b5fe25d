import {
  ERROR_CODES,
  ErrorBody,
  FLEET_KEY_HEADER,
  INTERNAL_KEY_HEADER,
  ReconcileResult,
  USER_ID_HEADER,
  cliCode,
  parseEnvelope,
} from "@oa/contract";
import { expect, inject, onTestFinished } from "vitest";
import * as z from "zod";
import { createApp } from "../../src/app.ts";
import type { Bindings } from "../../src/context.ts";
import { ROUTES } from "../../src/routes/index.ts";
import { CONTROL_KEY } from "./convexDouble.ts";
import { FLEET_KEY } from "./fleetDouble.ts";
import type { FaultRule } from "./faults.ts";
import type { WorldState } from "./hub.ts";

/** Where the tests' Worker believes to be. */
export const ORIGIN = "https://app.example.com";
export const INTERNAL_KEY = "internal-key-of-the-tests";

/** The code behind a name of the CLI. */
function codeOf(name: string): ErrorBody["code"] {
  const code = ERROR_CODES.find((code) => cliCode(code) === name || code === name);
  if (code === undefined) throw new Error(`no error is called ${name}`);
  return code;
}

/** An error in any of the forms of `src/wire.ts`, as the code it stands for. */
const Failure = z.union([
  z.object({ ok: z.literal(false), error: ErrorBody }).transform(({ error }) => error),
  z
    .object({ error: z.object({ code: z.string(), message: z.string(), details: ErrorBody.shape.details }) })
    .transform(({ error }): ErrorBody => ({ ...error, code: codeOf(error.code) })),
  z
    .object({ error: z.string(), code: z.string(), message: z.string() })
    .transform(({ code, message }): ErrorBody => ({ code: codeOf(code), message })),
]);

/** What the hub sends is its own state; its shape is the doubles' business. */
const State = z.custom<WorldState>();

const Addresses = z.object({
  id: z.string(),
  convex: z.string(),
  fleet: z.string(),
  canary: z.string(),
  upstream: z.string().nullable(),
});

/** An answer, read. */
export interface Answer {
  status: number;
  headers: Headers;
  text: string;
  /** The envelope's `data`; fails the test where there is none. */
  data<S extends z.ZodType>(schema: S): z.output<S>;
  /** The envelope's `error`; fails the test where there is none. */
  error(): ErrorBody;
}

export interface TestWorld {
  env: Bindings;
  addresses: z.infer<typeof Addresses>;
  /** The answer of the Worker as it stands when its head is there; what it does after it is not waited for. */
  open(method: string, path: string, options?: SendOptions): Promise<Response>;
  /** Sends a request to the Worker, and waits for what it does after its answer. */
  send(method: string, path: string, options?: SendOptions): Promise<Answer>;
  /** The same as a service that acts for a user. */
  as(userId: string, method: string, path: string, body?: unknown): Promise<Answer>;
  /** Everything the doubles know. */
  state(): Promise<WorldState>;
  set(path: string[], value: unknown): Promise<void>;
  fault(part: "convex" | "fleet", rule: FaultRule): Promise<void>;
  /** One pass of the reconciler over the user's instance. */
  pass(userId: string): Promise<z.infer<typeof ReconcileResult>>;
  /** Passes until it rests; gives the last outcome and how many there were. */
  drive(userId: string): Promise<{ last: z.infer<typeof ReconcileResult>; passes: number }>;
}

export interface SendOptions {
  headers?: Record<string, string>;
  body?: unknown;
  origin?: string;
}

/** Opens a world with a Worker configured for it; it is closed when the test ends. */
export async function openWorld(overrides: Bindings = {}, { withUpstream = false } = {}): Promise<TestWorld> {
  const hub = inject("hub");
  const addresses = Addresses.parse(
    await (await fetch(`${hub}/${withUpstream ? "with-upstream" : ""}`, { method: "POST" })).json(),
  );
  const worldUrl = `${hub}/${addresses.id}`;
  onTestFinished(async () => {
    await (await fetch(worldUrl, { method: "DELETE" })).text();
  });
  const env: Bindings = {
    CONVEX_URL: "https://convex.example.com",
    CONVEX_SITE_URL: addresses.convex,
    OA_CONTROL_KEY: CONTROL_KEY,
    OA_INTERNAL_KEY: INTERNAL_KEY,
    OA_FLEET_KEY: FLEET_KEY,
    OA_CONVEX_JWT_ISSUER: "https://issuer.example.com",
    OA_CONVEX_JWT_PRIVATE_KEY: await signingKey(),
    OPENCLAW_RUNTIME_HOST_URL: addresses.fleet,
    ...overrides,
  };
  const app = createApp(ROUTES);

  const ask = async (work: Promise<unknown>[], method: string, path: string, options: SendOptions = {}) => {
    const { headers = {}, body, origin = ORIGIN } = options;
    const request = new Request(origin + path, {
      method,
      headers: { ...(body !== undefined && { "content-type": "application/json" }), ...headers },
      ...(body !== undefined && { body: typeof body === "string" ? body : JSON.stringify(body) }),
    });
    const context = {
      waitUntil: (promise: Promise<unknown>) => void work.push(promise),
      passThroughOnException: () => undefined,
      props: {},
    };
    return await app.fetch(request, env, context);
  };

  const world: TestWorld = {
    env,
    addresses,
    open: (method, path, options) => ask([], method, path, options),
    async send(method, path, options) {
      const work: Promise<unknown>[] = [];
      const response = await ask(work, method, path, options);
      const text = await response.text();
      await Promise.all(work);
      return read(response, text);
    },
    as: (userId, method, path, body) =>
      world.send(method, path, {
        headers: { [INTERNAL_KEY_HEADER]: INTERNAL_KEY, [USER_ID_HEADER]: userId },
        ...(body !== undefined && { body }),
      }),
    async state() {
      const response = await fetch(worldUrl);
      return State.parse(await response.json());
    },
    async set(path, value) {
      await (await fetch(worldUrl, { method: "PUT", body: JSON.stringify({ path, value }) })).text();
    },
    async fault(part, rule) {
      const { faults } = await world.state();
      await world.set(["faults", part], [...faults[part], rule]);
    },
    async pass(userId) {
      const { convex } = await world.state();
      const row = convex.instances.find((row) => row.user_id === userId);
      const body = { instance_id: row?.instance_id, generation: row?.generation };
      const answer = await world.send("POST", "/internal/openclaw/reconcile", {
        headers: { [INTERNAL_KEY_HEADER]: INTERNAL_KEY },
        body,
      });
      return answer.data(ReconcileResult);
    },
    async drive(userId) {
      for (let passes = 1; ; passes += 1) {
        const last = await world.pass(userId);
        if (last.outcome !== "continue" || passes === 20) return { last, passes };
      }
    },
  };
  return world;
}

/** `expect`'s matchers, typed as what they are. */
export const containing = (text: string): unknown => expect.stringContaining(text);
export const matching = (pattern: RegExp): unknown => expect.stringMatching(pattern);

/** Headers of a fleet that reports. */
export const FLEET_HEADERS = { [FLEET_KEY_HEADER]: FLEET_KEY };

function read(response: Response, text: string): Answer {
  const body = () => {
    const parsed: unknown = JSON.parse(text);
    return parsed;
  };
  return {
    status: response.status,
    headers: response.headers,
    text,
    data(schema) {
      const envelope = parseEnvelope(schema, body());
      if (!envelope.ok) throw new Error(text);
      return envelope.data;
    },
    error() {
      const failure = Failure.safeParse(body());
      if (!failure.success) throw new Error(`expected an error, got ${text}`);
      return failure.data;
    },
  };
}

/** A fresh ES256 key as PKCS#8 PEM, one for the whole file. */
let key: Promise<string> | undefined;
function signingKey(): Promise<string> {
  key ??= (async () => {
    const pair = await crypto.subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, true, ["sign", "verify"]);
    const bytes = await crypto.subtle.exportKey("pkcs8", pair.privateKey);
    const base64 = Buffer.from(bytes)
      .toString("base64")
      .replaceAll(/(.{64})/g, "$1\n");
    return `-----BEGIN PRIVATE KEY-----\n${base64}\n-----END PRIVATE KEY-----\n`;
  })();
  return key;
}
