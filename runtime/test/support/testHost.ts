import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, readFile, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import {
  ConnectInfo,
  DeviceLists,
  type ErrorBody,
  FLEET_KEY_HEADER,
  FleetInstance,
  LogPage,
  RuntimeStatus,
  SERVICE_TOKEN_HEADER,
  envelopeOf,
} from "@oa/contract";
import * as z from "zod";

/** A real host process with a folder of its own, and the calls a control plane makes. */

const MAIN = fileURLToPath(new URL("../../host/main.ts", import.meta.url));
const FLEET_KEY = "fleet-key-of-a-test-0123456789";
const READY_DEADLINE_MS = 180_000;

export interface Answer<T> {
  status: number;
  headers: Headers;
  ok: boolean;
  data: T;
  error: ErrorBody | undefined;
}

export class TestHost {
  readonly dataDir: string;
  #flags: readonly string[];
  readonly #output: string[] = [];
  #child: ChildProcess | null = null;
  #port = 0;

  private constructor(dataDir: string, flags: readonly string[]) {
    this.dataDir = dataDir;
    this.#flags = flags;
  }

  static async start(flags: readonly string[] = []): Promise<TestHost> {
    const host = new TestHost(await mkdtemp(join(tmpdir(), "oa-host-")), flags);
    await host.start();
    return host;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  get pid(): number {
    return this.#child?.pid ?? 0;
  }

  /** Everything the host has printed. */
  get output(): string {
    return this.#output.join("\n");
  }

  /** Starts the host process, again on the same folder and port after it ended; with other flags, if they are given. */
  async start(flags = this.#flags): Promise<void> {
    this.#flags = flags;
    const args = [MAIN, "--port", String(this.#port), "--data-dir", this.dataDir, ...this.#flags];
    const child = spawn(process.execPath, args, {
      env: { PATH: process.env["PATH"], OA_FLEET_KEY: FLEET_KEY, OA_SECRET_OF_THE_HOST: "must-not-reach-a-gateway" },
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.#child = child;
    const lines = createInterface({ input: child.stdout });
    createInterface({ input: child.stderr }).on("line", (line) => this.#output.push(line));
    const first = await new Promise<string>((resolve, reject) => {
      lines.once("line", resolve);
      child.once("exit", (code) => reject(new Error(`the host ended with ${code}: ${this.output}`)));
    });
    const { url } = z.object({ event: z.literal("listening"), url: z.string() }).parse(JSON.parse(first));
    this.#port = Number(new URL(url).port);
  }

  /** Ends the host process with a signal; answers its exit code. */
  async end(signal: NodeJS.Signals): Promise<number | null> {
    const child = this.#child;
    if (child === null || child.exitCode !== null || child.signalCode !== null) return child?.exitCode ?? null;
    const exit = new Promise<number | null>((resolve) => child.once("exit", (code) => resolve(code)));
    child.kill(signal);
    return exit;
  }

  /** Ends everything this host has started and removes its folder. */
  async dispose(): Promise<void> {
    await this.end("SIGTERM");
    for (const pid of await this.processes()) process.kill(pid, "SIGKILL");
    await rm(this.dataDir, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  }

  /** Living processes that run for an instance of this host; without an id, for any. */
  async processes(id = ""): Promise<number[]> {
    const marker = `HOME=${join(this.dataDir, "instances", id)}`;
    const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
    const owned = await Promise.all(
      pids.map(async (pid) => {
        const environ = await readFile(`/proc/${pid}/environ`, "utf8").catch(() => "");
        const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => ") Z");
        return environ.includes(marker) && !/\) [ZX]/.test(stat) ? [Number(pid)] : [];
      }),
    );
    return owned.flat();
  }

  /** Living gateways of an instance: their processes are titled so. */
  async gateways(id: string): Promise<number[]> {
    const pids = await this.processes(id);
    const titled = await Promise.all(
      pids.map(async (pid) => {
        const title = await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "");
        return /openclaw-gateway|openclaw\.mjs\0gateway/.test(title) ? [pid] : [];
      }),
    );
    return titled.flat();
  }

  fleet<S extends z.ZodType>(
    method: string,
    path: string,
    schema: S,
    body?: object,
    key = FLEET_KEY,
  ): Promise<Answer<z.infer<S>>> {
    return this.#call(method, `/fleet/instances/${path}`, { [FLEET_KEY_HEADER]: key }, schema, body);
  }

  put(id: string, spec: object): Promise<Answer<FleetInstance>> {
    return this.fleet("PUT", id, FleetInstance, spec);
  }

  view(id: string): Promise<Answer<FleetInstance>> {
    return this.fleet("GET", id, FleetInstance);
  }

  runtime<S extends z.ZodType>(
    id: string,
    token: string,
    method: string,
    path: string,
    schema: S,
    body?: object,
  ): Promise<Answer<z.infer<S>>> {
    return this.#call(method, `/i/${id}${path}`, { [SERVICE_TOKEN_HEADER]: token }, schema, body);
  }

  /** Waits until the gateway is ready; answers every phase that was seen on the way. */
  async ready(id: string): Promise<string[]> {
    const phases: string[] = [];
    await until(`instance ${id} is ready`, async () => {
      const { data } = await this.view(id);
      if (data.phase !== phases.at(-1)) phases.push(data.phase);
      if (data.final) throw new Error(`it failed: ${data.reason}\n${this.output}`);
      return data.phase === "ready";
    });
    return phases;
  }

  async #call<S extends z.ZodType>(
    method: string,
    path: string,
    headers: Record<string, string>,
    schema: S,
    body: object | undefined,
  ): Promise<Answer<z.infer<S>>> {
    const response = await fetch(`${this.url}${path}`, {
      method,
      headers: { ...headers, ...(body === undefined ? {} : { "content-type": "application/json" }) },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const envelope = envelopeOf(z.unknown()).parse(await response.json());
    const seen = { status: response.status, headers: response.headers };
    if (envelope.ok) return { ...seen, ok: true, data: schema.parse(envelope.data), error: undefined };
    const { error } = envelope;
    return {
      ...seen,
      ok: false,
      error,
      get data(): never {
        throw new Error(`${method} ${path} answered ${response.status}: ${JSON.stringify(error)}`);
      },
    };
  }
}

/** One instance of a host, as its control plane knows it. */
export class TestInstance {
  readonly host: TestHost;
  readonly id: string;
  readonly token: string;

  constructor(host: TestHost, id: string) {
    this.host = host;
    this.id = id;
    this.token = `svc-of-${id}-0123456789abcdefghijklmnop`;
  }

  spec(generation = 1, more: object = {}): object {
    return { generation, desired: "running", env: { OPENAGENTS_SERVICE_TOKEN: this.token }, ...more };
  }

  async create(): Promise<string[]> {
    await this.host.put(this.id, this.spec());
    return this.host.ready(this.id);
  }

  call<S extends z.ZodType>(method: string, path: string, schema: S, body?: object): Promise<Answer<z.infer<S>>> {
    return this.host.runtime(this.id, this.token, method, path, schema, body);
  }

  async status(): Promise<z.infer<typeof RuntimeStatus>> {
    return (await this.call("GET", "/v1/status", RuntimeStatus)).data;
  }

  async devices(): Promise<z.infer<typeof DeviceLists>> {
    return (await this.call("GET", "/v1/devices", DeviceLists)).data;
  }

  async connectInfo(): Promise<z.infer<typeof ConnectInfo>> {
    return (await this.call("POST", "/v1/connect", ConnectInfo)).data;
  }

  /** Every line of the log, page by page. */
  async logs(): Promise<string[]> {
    const lines: string[] = [];
    for (let since = 0; ;) {
      const { data } = await this.call("GET", `/v1/logs?since=${since}`, LogPage);
      lines.push(...data.lines.map((line) => line.text));
      if (data.next === since || data.lines.length === 0) return lines;
      since = data.next;
    }
  }
}

/** Polls until the condition holds; fails with what it waited for. */
export async function until(
  what: string,
  condition: () => Promise<boolean>,
  deadlineMs = READY_DEADLINE_MS,
): Promise<void> {
  const deadline = Date.now() + deadlineMs;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`waited ${deadlineMs} ms in vain until ${what}`);
    await sleep(100);
  }
}
