import {
  CONTROL_KEY_HEADER,
  CONTROL_PATHS,
  ClaimResult,
  type ControlInstance,
  type DesiredState,
  type ErrorBody,
  ErrorEnvelope,
  InstanceAnswer,
  MaybeInstanceAnswer,
  parseEnvelope,
  USER_ID_HEADER,
} from "@oa/contract";
import type * as z from "zod";
import { CONTROL_KEY, type TestDeployment } from "./setup.testing.ts";

/** One request to `/control/*` as the Worker sends it. */
export interface Send {
  method?: "GET" | "POST" | "PUT" | "PATCH" | "DELETE" | "OPTIONS";
  user?: string;
  query?: Record<string, string>;
  body?: unknown;
  headers?: Record<string, string>;
}

/** The control endpoints of a test's deployment, with the right key. */
export class Control {
  readonly #t: TestDeployment;

  constructor(t: TestDeployment) {
    this.#t = t;
  }

  /** The bare answer. A body makes it a POST unless a method is given. */
  async send(path: string, { method, user, query, body, headers }: Send = {}): Promise<Response> {
    const search = query === undefined ? "" : `?${new URLSearchParams(query).toString()}`;
    return await this.#t.fetch(`${path}${search}`, {
      method: method ?? (body === undefined ? "GET" : "POST"),
      headers: {
        [CONTROL_KEY_HEADER]: CONTROL_KEY,
        ...(user !== undefined && { [USER_ID_HEADER]: user }),
        ...headers,
      },
      ...(body !== undefined && { body: typeof body === "string" ? body : JSON.stringify(body) }),
    });
  }

  /** The data of an answer that went well; throws the envelope's error otherwise. */
  async ask<S extends z.ZodType>(schema: S, path: string, request: Send = {}): Promise<z.output<S>> {
    const answer = parseEnvelope(schema, await (await this.send(path, request)).json());
    if (answer.ok) return answer.data;
    throw new Error(`${path}: ${answer.error.code}: ${answer.error.message}`);
  }

  /** Status and error of an answer that must not go well. */
  async refusal(path: string, request: Send = {}): Promise<ErrorBody & { status: number }> {
    const response = await this.send(path, request);
    const { code, message, details } = ErrorEnvelope.parse(await response.json()).error;
    return { status: response.status, code, message, ...(details !== undefined && { details }) };
  }

  async claim(user: string, desired: DesiredState = "running"): Promise<ClaimResult> {
    return await this.ask(ClaimResult, CONTROL_PATHS.instanceClaim, { user, body: { desired } });
  }

  async instance(user: string): Promise<ControlInstance> {
    return (await this.ask(InstanceAnswer, CONTROL_PATHS.instance, { user })).instance;
  }

  async maybeInstance(user: string): Promise<ControlInstance | null> {
    return (await this.ask(MaybeInstanceAnswer, CONTROL_PATHS.instance, { user })).instance;
  }

  async upsert(user: string, fields: Record<string, unknown>): Promise<ControlInstance> {
    return (await this.ask(InstanceAnswer, CONTROL_PATHS.instance, { user, body: fields })).instance;
  }

  async setStatus(user: string, status: string, more: Record<string, unknown> = {}): Promise<ControlInstance> {
    const body = { status, ...more };
    return (await this.ask(InstanceAnswer, CONTROL_PATHS.instanceStatus, { user, body })).instance;
  }

  async storeSecret(user: string, value: string, more: Record<string, unknown> = {}): Promise<void> {
    const body = { key: "service_token", value, ...more };
    const response = await this.send(CONTROL_PATHS.instanceSecret, { user, body });
    if (!response.ok) throw new Error(`storing a secret: ${await response.text()}`);
  }

  /**
   * What the reconciler does on the way up: a token, an address of its own, and the status. The claim's own drive is let
   * finish first: what it found was true before.
   */
  async bringUp(user: string): Promise<ControlInstance> {
    await this.storeSecret(user, `oc_svc_${user}`, { if_absent: true });
    const { instance_id } = await this.instance(user);
    await until("the claim's drive is over", async () => {
      const drive = await this.#t.run(
        async (ctx) =>
          await ctx.db
            .query("instance_drives")
            .withIndex("by_instance_id", (q) => q.eq("instance_id", instance_id))
            .unique(),
      );
      const over = drive === null || (drive.lease === null && (drive.due_at === null || drive.due_at > Date.now()));
      return over ? true : undefined;
    });
    await this.upsert(user, { runtime_url: `http://127.0.0.1:8787/i/${instance_id}` });
    return await this.setStatus(user, "ready");
  }
}

/** Waits until `read` gives something that is not undefined, for at most five seconds. */
export async function until<T>(what: string, read: () => Promise<T | undefined>): Promise<T> {
  const giveUpAt = Date.now() + 5000;
  for (;;) {
    const found = await read();
    if (found !== undefined) return found;
    if (Date.now() > giveUpAt) throw new Error(`waited in vain until ${what}`);
    await new Promise((resolve) => {
      setTimeout(resolve, 10);
    });
  }
}
