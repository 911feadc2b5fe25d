import {
  CLI_CREDIT_PATHS,
  CliCredits,
  CliKeyCreated,
  CliKeyInfo,
  CONTROL_KEY_HEADER,
  CREDIT_CONTROL_PATHS,
  CreditStanding,
  EDITOR_PATHS,
  EditorTokens,
  INFERENCE_PATHS,
  parseEnvelope,
  USER_ID_HEADER,
} from "@oa/contract";
import { setTimeout as sleep } from "node:timers/promises";
import * as z from "zod";
import type { TestStack } from "./stack.ts";

/** Someone who spends: an editor's JWT, and a terminal's management key for the account's own API. */
export interface Spender {
  userId: string;
  jwt: string;
  managementKey: string;
}

const PASSWORD = "Correct horse battery 7";

/** Opens an account from an editor (which grants $5.00) and signs a terminal in to it. */
export async function newSpender(stack: TestStack, email: string): Promise<Spender> {
  const { api } = stack.info();
  const credentials = { email, password: PASSWORD };
  const editor = EditorTokens.parse(await postJson(`${api}${EDITOR_PATHS.signUp}`, credentials));
  const terminal = z
    .object({ data: z.object({ management_key: z.string() }) })
    .parse(await postJson(`${api}/v1/auth/login`, credentials));
  return { userId: editor.user.id, jwt: editor.token, managementKey: terminal.data.management_key };
}

async function postJson(url: string, body: object, bearer?: string): Promise<unknown> {
  const response = await fetch(url, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      ...(bearer !== undefined && { authorization: `Bearer ${bearer}` }),
    },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(30_000),
  });
  if (!response.ok) throw new Error(`POST ${url}: ${response.status} ${await response.text()}`);
  return response.json();
}

/** Makes a provisioned key, as `openclaw-token keys create` does. */
export async function newKey(
  stack: TestStack,
  spender: Spender,
  key: { name: string; credit_limit?: number; limit_reset?: "daily" | "weekly" | "monthly" },
): Promise<z.infer<typeof CliKeyCreated>> {
  const answer = await postJson(`${stack.info().api}/v1${CLI_CREDIT_PATHS.keys}`, key, spender.managementKey);
  return z.object({ data: CliKeyCreated }).parse(answer).data;
}

/** What the key's owner sees of it. */
export async function keyInfo(stack: TestStack, spender: Spender, hash: string): Promise<z.infer<typeof CliKeyInfo>> {
  const path = CLI_CREDIT_PATHS.key.replace("{hash}", hash);
  return z.object({ data: CliKeyInfo }).parse(await getJson(stack, spender, path)).data;
}

/** The account as the terminal shows it. */
export async function creditsOf(stack: TestStack, spender: Spender): Promise<z.infer<typeof CliCredits>> {
  return z.object({ data: CliCredits }).parse(await getJson(stack, spender, CLI_CREDIT_PATHS.credits)).data;
}

async function getJson(stack: TestStack, spender: Spender, path: string): Promise<unknown> {
  const response = await fetch(`${stack.info().api}/v1${path}`, {
    headers: { authorization: `Bearer ${spender.managementKey}` },
    signal: AbortSignal.timeout(30_000),
  });
  if (!response.ok) throw new Error(`GET ${path}: ${response.status} ${await response.text()}`);
  return response.json();
}

/** Sum of the whole ledger, as its owner exports it. */
export async function ledgerSum(stack: TestStack, spender: Spender): Promise<{ rows: number; sum: number }> {
  const response = await fetch(`${stack.info().api}/v1${CLI_CREDIT_PATHS.export}?format=jsonl`, {
    headers: { authorization: `Bearer ${spender.managementKey}` },
    signal: AbortSignal.timeout(30_000),
  });
  if (!response.ok) throw new Error(`export: ${response.status} ${await response.text()}`);
  const lines = (await response.text()).split("\n").filter((line) => line !== "");
  const amounts = lines.map((line) => z.object({ amount_microusd: z.int() }).parse(JSON.parse(line)).amount_microusd);
  return { rows: amounts.length, sum: amounts.reduce((total, amount) => total + amount, 0) };
}

/** The account in Convex itself. */
export async function standingOf(stack: TestStack, userId: string): Promise<CreditStanding> {
  const { convex, secrets } = stack.info();
  const response = await fetch(`${convex.siteUrl}${CREDIT_CONTROL_PATHS.creditsStanding}`, {
    headers: { [CONTROL_KEY_HEADER]: secrets.OA_CONTROL_KEY, [USER_ID_HEADER]: userId },
    signal: AbortSignal.timeout(30_000),
  });
  const envelope = parseEnvelope(CreditStanding, await response.json());
  if (!envelope.ok) throw new Error(envelope.error.message);
  return envelope.data;
}

/** Waits until no hold is left: an answer is settled a moment after it has ended. */
export async function settled(stack: TestStack, userId: string, deadlineMs = 60_000): Promise<CreditStanding> {
  const deadline = performance.now() + deadlineMs;
  for (;;) {
    const standing = await standingOf(stack, userId);
    if (standing.held_microusd === 0) return standing;
    if (performance.now() > deadline) throw new Error(`still held: ${JSON.stringify(standing)}`);
    await sleep(100);
  }
}

/** Lets the time of every hold pass: what the cron does each minute, an hour from now. */
export async function expireHolds(stack: TestStack): Promise<void> {
  const { url, adminKey } = stack.info().convex;
  const response = await fetch(`${url}/api/mutation`, {
    method: "POST",
    headers: { authorization: `Convex ${adminKey}`, "content-type": "application/json" },
    body: JSON.stringify({
      path: "holds:expire",
      args: [{ now: Date.now() + 60 * 60 * 1000 }],
      format: "convex_encoded_json",
    }),
    signal: AbortSignal.timeout(30_000),
  });
  const answer = z.object({ status: z.string() }).parse(await response.json());
  if (answer.status !== "success") throw new Error(`holds were not expired: ${JSON.stringify(answer)}`);
}

/** Orders to the upstream double, as they stand in a message. */
export type Orders = Record<string, number | boolean>;

export interface ChatOptions {
  model?: string;
  max_tokens?: number;
  stream?: boolean;
  stream_options?: { include_usage: boolean };
  signal?: AbortSignal;
  /** What is said besides the orders. */
  text?: string;
}

/** POST `/v1/chat/completions` as any program would. */
export function chat(stack: TestStack, bearer: string, orders: Orders, options: ChatOptions = {}): Promise<Response> {
  const { signal, text = "", model = "gpt-4o", ...rest } = options;
  return fetch(`${stack.info().api}${INFERENCE_PATHS.chatCompletions}`, {
    method: "POST",
    headers: { authorization: `Bearer ${bearer}`, "content-type": "application/json" },
    body: JSON.stringify({
      model,
      messages: [{ role: "user", content: `${text}${JSON.stringify({ double: orders })}` }],
      ...rest,
    }),
    signal: signal ?? AbortSignal.timeout(60_000),
  });
}

const SeenRequest = z.object({
  id: z.int(),
  model: z.string().nullable(),
  max_tokens: z.int().nullable(),
  include_usage: z.boolean(),
  status: z.int().nullable(),
  ended: z.string(),
  delivered_tokens: z.int(),
  auth_suffix: z.string().nullable(),
});

/** What the upstream double has received, oldest first. */
export async function upstreamSeen(stack: TestStack): Promise<z.infer<typeof SeenRequest>[]> {
  const upstream = stack.info().doubles.upstream;
  if (upstream === undefined) throw new Error("no upstream double runs");
  const response = await fetch(`${upstream}/double/requests`, { signal: AbortSignal.timeout(30_000) });
  return z.object({ requests: z.array(SeenRequest) }).parse(await response.json()).requests;
}
