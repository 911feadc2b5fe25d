import type { ProvisionedKey } from "@oa/contract";
import { PROVISIONED_KEY_PREFIX, microUsd } from "@oa/contract";
import { expect, onTestFinished } from "vitest";
import * as z from "zod";
import { createApp } from "../../src/app.ts";
import { newCheckedToken } from "../../src/checkedToken.ts";
import type { Bindings } from "../../src/context.ts";
import { deskOfUser } from "../../src/credits/batch.ts";
import { ROUTES } from "../../src/routes/index.ts";
import { sha256Hex } from "../../src/secretEqual.ts";
import type { Hold, HoldsState } from "./holdsDouble.ts";
import { ORIGIN, openWorld } from "./world.ts";
import type { TestWorld } from "./world.ts";

export const CHAT = "/v1/chat/completions";
export const MODEL = "gpt-4o";
const ZERO = microUsd(0);

/** A last message with orders for the upstream's double (`local/doubles/README.md`). */
export const orders = (double: object) => ({ role: "user", content: JSON.stringify({ double }) });

/** A chat with nothing but orders. */
export const chat = (double: object, more: object = {}) => ({ model: MODEL, messages: [orders(double)], ...more });
/** What a stream is asked with by who wants to see its usage. */
export const WITH_USAGE = { stream_options: { include_usage: true } };
export const streamed = (double: object, more: object = {}) => chat(double, { stream: true, ...more });

const Seen = z.object({
  requests: z.array(
    z.object({
      path: z.string(),
      auth_suffix: z.string().nullable(),
      max_tokens: z.int().nullable(),
      include_usage: z.boolean(),
      ended: z.string(),
      delivered_tokens: z.int(),
    }),
  ),
});

export interface InferenceWorld extends TestWorld {
  /** A key of the user `ada`, in force. */
  key: string;
  upstream: string;
  /** The Worker's answer when its head is there. `settled` waits for what goes on after it. */
  call(body: unknown, options?: CallOptions): Promise<{ response: Response; settled: () => Promise<void> }>;
  /** A call read to its end and settled. */
  done(body: unknown, options?: CallOptions): Promise<{ response: Response; text: string }>;
  /** Stores a key and gives its secret. */
  addKey(change?: Partial<ProvisionedKey>): Promise<string>;
  holds(): Promise<HoldsState & { all: Hold[] }>;
  seen(): Promise<z.infer<typeof Seen>["requests"]>;
}

export interface CallOptions {
  path?: string;
  /** The `Authorization` header's key; the world's own where nothing is said. */
  key?: string;
  signal?: AbortSignal;
  method?: string;
}

/** Desks in memory: what the binding is in production, one for each user. */
export function memoryDesks(bindings: () => Bindings): NonNullable<Bindings["CREDIT_DESK"]> {
  const desks = new Map<string, ReturnType<typeof deskOfUser>>();
  return {
    getByName: () => ({
      submit(userId, op) {
        const desk = desks.get(userId) ?? deskOfUser(bindings(), userId);
        desks.set(userId, desk);
        return desk.submit(op);
      },
    }),
  };
}

/** A world with a model upstream and credits of $5.00. */
export async function openInferenceWorld(overrides: Bindings = {}): Promise<InferenceWorld> {
  const world = await openWorld(
    {
      CREDIT_DESK: memoryDesks(() => world.env),
      INFERENCE_API_KEY: "double_key_of_the_tests",
      OA_PUBLIC_URL: ORIGIN,
      ...overrides,
    },
    { withUpstream: true },
  );
  const upstream = world.addresses.upstream ?? "";
  world.env["INFERENCE_ENDPOINT"] ??= `${upstream}/v1`;
  const app = createApp(ROUTES);
  const secrets = new Map<string, ProvisionedKey>();
  const pending: Promise<unknown>[] = [];
  onTestFinished(async () => {
    await Promise.all(pending);
  });

  const self: InferenceWorld = {
    ...world,
    upstream,
    key: "",
    async addKey(change = {}) {
      const secret = newCheckedToken(PROVISIONED_KEY_PREFIX);
      secrets.set(secret, keyOf(secrets.size, change));
      const keys = [...secrets].map(([secret, key]) => ({
        user_id: "ada",
        secret_hash: sha256Hex(secret),
        graced_hash: null,
        key,
      }));
      await world.set(["convex", "credits", "keys"], keys);
      return secret;
    },
    async call(body, { path = CHAT, key = self.key, signal, method = "POST" } = {}) {
      const work: Promise<unknown>[] = [];
      const request = new Request(ORIGIN + path, {
        method,
        headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
        ...(method === "POST" && { body: typeof body === "string" ? body : JSON.stringify(body) }),
        ...(signal !== undefined && { signal }),
      });
      const waitUntil = (promise: Promise<unknown>) => {
        work.push(promise);
        pending.push(promise);
      };
      const context = { waitUntil, passThroughOnException: () => undefined, props: {} };
      const response = await app.fetch(request, world.env, context);
      return {
        response,
        async settled() {
          await Promise.all(work);
        },
      };
    },
    async done(body, options) {
      const { response, settled } = await self.call(body, options);
      const text = await response.text();
      await settled();
      return { response, text };
    },
    async holds() {
      const { holds } = (await world.state()).convex;
      return { ...holds, all: Object.values(holds.holds) };
    },
    seen: async () => Seen.parse(await (await fetch(`${upstream}/double/requests`)).json()).requests,
  };
  self.key = await self.addKey();
  return self;
}

function keyOf(index: number, change: Partial<ProvisionedKey>): ProvisionedKey {
  return {
    hash: String(index).padStart(16, "0"),
    name: `key ${index}`,
    prefix: "sk-prov-0000",
    instance_id: null,
    credit_limit_microusd: null,
    limit_reset: null,
    disabled: false,
    created_at: 1,
    last_used_at: null,
    expires_at: null,
    rotated_at: null,
    revoked_at: null,
    usage_microusd: ZERO,
    usage_daily_microusd: ZERO,
    usage_weekly_microusd: ZERO,
    usage_monthly_microusd: ZERO,
    usage_day: "2026-11-21",
    held_microusd: ZERO,
    requests_count: 0,
    resets_at: null,
    ...change,
  };
}

/** `data:` lines of a stream, parsed; `[DONE]` as text. */
export function eventsOf(text: string): unknown[] {
  return text.split("\n\n").flatMap((event) => {
    const data = /^data: (.*)$/m.exec(event)?.[1];
    if (data === undefined) return [];
    const value: unknown = data === "[DONE]" ? data : JSON.parse(data);
    return [value];
  });
}

const Chunk = z.looseObject({
  choices: z.array(z.looseObject({ delta: z.looseObject({ content: z.string().nullish() }) })).default([]),
  usage: z.looseObject({}).nullish(),
});

/** The words of a stream. */
export function wordsOf(text: string): string {
  return eventsOf(text)
    .flatMap((event) => Chunk.safeParse(event).data?.choices ?? [])
    .map((choice) => choice.delta.content ?? "")
    .join("");
}

/** The usages a stream told. */
export function usagesOf(text: string): unknown[] {
  return eventsOf(text).flatMap((event) => Chunk.safeParse(event).data?.usage ?? []);
}

/** An error in OpenAI's form. */
export const OpenAiError = z.object({
  error: z.looseObject({ message: z.string(), type: z.string(), param: z.string().nullable(), code: z.string() }),
});
export function errorOf(text: string) {
  return OpenAiError.parse(JSON.parse(text)).error;
}

/** 1,000 tokens in and 100 out of gpt-4o ($2.50 and $10.00 a million), in micro-dollars. */
export const TOLD = { prompt_tokens: 1000, completion_tokens: 100 };
export const COST = 3500;

/** The one hold of a world, ended once; after it nothing is held, and the books agree. */
export async function oneHold(world: InferenceWorld): Promise<Hold> {
  const { all, posted, held } = await world.holds();
  const [hold] = all;
  if (hold === undefined) throw new Error("no hold was taken");
  expect({ holds: all.length, ends: hold.ends, held, posted }).toEqual({
    holds: 1,
    ends: 1,
    held: 0,
    posted: 5_000_000 - hold.cost,
  });
  return hold;
}
