import { availableParallelism, totalmem } from "node:os";
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import * as z from "zod";
import { trustedProxies } from "./forward/clientAddress.ts";

/** Flags and variables of the host; a flag wins over its variable. Keys are never flags: command lines can be read by others. */
export const HELP = `Runs OpenClaw gateways, one for each instance, and serves their APIs.

  node runtime/host/main.ts [flags]

  flag                   variable                 default
  --port <n>             OA_RUNTIME_PORT          8788; 0 takes a free one
  --host <address>       OA_RUNTIME_HOST          127.0.0.1
  --data-dir <folder>    OA_RUNTIME_DATA_DIR      .local/runtime
  --url <url>            OA_RUNTIME_URL           http://<host>:<port>; where the control plane reaches this host
  --public-url <url>     OA_RUNTIME_PUBLIC_URL    as --url; where devices and browsers reach it
  --gateway-domain <d>   OA_RUNTIME_GATEWAY_DOMAIN
                                                  none; with it each gateway is <instance>.<d>, an origin of its own,
                                                  and not a path of the public url
  --events-url <url>     OA_EVENTS_URL            none; changes are posted there with the fleet key
  --trusted-proxies <l>  OA_RUNTIME_PROXIES       none; addresses or CIDR ranges, comma-separated, whose
                                                  X-Forwarded-For is believed
  --max-boots <n>        OA_RUNTIME_MAX_BOOTS     half the processors, at least 1; gateways that boot at once
  --stop-grace <ms>      OA_RUNTIME_STOP_GRACE    20000; time a gateway may finish its work in
  --heap-mb <n>          OA_RUNTIME_HEAP_MB       512; heap of a gateway
  --keep-backups <n>     OA_RUNTIME_KEEP_BACKUPS  7; an instance's newest archives
  --instance-type <s>    OA_RUNTIME_INSTANCE_TYPE the machine's processors and memory
                         OA_FLEET_KEY             required, 16 characters or more; the control plane's key
  --help                                          this text

Ends with 0 after SIGTERM or SIGINT, when every gateway has ended; with 64 for a wrong flag or variable; with 75 when
another host uses the data folder. Killed in any other way, the next start with the same folder takes its gateways over.
`;

export interface HostOptions {
  port: number;
  host: string;
  dataDir: string;
  /** Undefined: made from the address that was listened on. */
  url: string | undefined;
  publicUrl: string | undefined;
  gatewayDomain: string | undefined;
  eventsUrl: string | undefined;
  trustedProxies: string[];
  maxBoots: number;
  stopGraceMs: number;
  heapMb: number;
  keepBackups: number;
  instanceType: string;
  fleetKey: string;
}

/** A flag or variable that cannot be used; the message names it. */
export class OptionsError extends Error {}

const Origin = z
  .url({ protocol: /^https?$/ })
  .refine((text) => new URL(text).pathname === "/" && new URL(text).search === "", "no path or query")
  .transform((text) => new URL(text).origin);
const Domain = z
  .string()
  .regex(/^[a-z0-9-]+(\.[a-z0-9-]+)*(:\d+)?$/i, "a domain name, with its port where that is not the usual one");
const List = z.string().transform((text) =>
  text
    .split(",")
    .map((entry) => entry.trim())
    .filter((entry) => entry !== ""),
);

const number = (least: number, most: number) => z.coerce.number().int().min(least).max(most);

/** One line an option: its flag, its variable, its schema. */
const TABLE = {
  port: ["port", "OA_RUNTIME_PORT", number(0, 65_535).default(8788)],
  host: ["host", "OA_RUNTIME_HOST", z.string().min(1).default("127.0.0.1")],
  dataDir: [
    "data-dir",
    "OA_RUNTIME_DATA_DIR",
    z
      .string()
      .min(1)
      .default(".local/runtime")
      .transform((dir) => resolve(dir)),
  ],
  url: ["url", "OA_RUNTIME_URL", Origin.optional()],
  publicUrl: ["public-url", "OA_RUNTIME_PUBLIC_URL", Origin.optional()],
  gatewayDomain: ["gateway-domain", "OA_RUNTIME_GATEWAY_DOMAIN", Domain.optional()],
  eventsUrl: ["events-url", "OA_EVENTS_URL", z.url({ protocol: /^https?$/ }).optional()],
  trustedProxies: ["trusted-proxies", "OA_RUNTIME_PROXIES", List.default([])],
  maxBoots: [
    "max-boots",
    "OA_RUNTIME_MAX_BOOTS",
    number(1, 64).default(Math.max(1, Math.floor(availableParallelism() / 2))),
  ],
  stopGraceMs: ["stop-grace", "OA_RUNTIME_STOP_GRACE", number(0, 330_000).default(20_000)],
  heapMb: ["heap-mb", "OA_RUNTIME_HEAP_MB", number(256, 8_192).default(512)],
  keepBackups: ["keep-backups", "OA_RUNTIME_KEEP_BACKUPS", number(1, 1_000).default(7)],
  instanceType: ["instance-type", "OA_RUNTIME_INSTANCE_TYPE", z.string().max(100).default(machine())],
} as const;

/** Parses argv and the environment; `help` when it was asked for. Throws `OptionsError`. */
export function parseOptions(argv: readonly string[], env: NodeJS.ProcessEnv): HostOptions | "help" {
  const flags = flagsOf(argv);
  if (flags["help"] === true) return "help";
  const read = <S extends z.ZodType>([flag, variable, schema]: readonly [string, string, S]): z.infer<S> => {
    const given = flags[flag] ?? env[variable];
    const parsed = schema.safeParse(given === "" ? undefined : given);
    if (!parsed.success)
      throw new OptionsError(`--${flag} (${variable}): ${parsed.error.issues[0]?.message ?? "not valid"}`);
    return parsed.data;
  };
  const fleetKey = env["OA_FLEET_KEY"] ?? "";
  if (fleetKey.length < 16) throw new OptionsError("OA_FLEET_KEY: set it to a random string of 16 characters or more");
  const options: HostOptions = {
    port: read(TABLE.port),
    host: read(TABLE.host),
    dataDir: read(TABLE.dataDir),
    url: read(TABLE.url),
    publicUrl: read(TABLE.publicUrl),
    gatewayDomain: read(TABLE.gatewayDomain),
    eventsUrl: read(TABLE.eventsUrl),
    trustedProxies: read(TABLE.trustedProxies),
    maxBoots: read(TABLE.maxBoots),
    stopGraceMs: read(TABLE.stopGraceMs),
    heapMb: read(TABLE.heapMb),
    keepBackups: read(TABLE.keepBackups),
    instanceType: read(TABLE.instanceType),
    fleetKey,
  };
  try {
    trustedProxies(options.trustedProxies);
  } catch (error) {
    throw new OptionsError(`--trusted-proxies: ${error instanceof Error ? error.message : "not valid"}`);
  }
  return options;
}

function flagsOf(argv: readonly string[]): Record<string, string | boolean | undefined> {
  const options: Record<string, { type: "string" } | { type: "boolean" }> = { help: { type: "boolean" } };
  for (const [flag] of Object.values(TABLE)) options[flag] = { type: "string" };
  try {
    const { values } = parseArgs({ args: [...argv], options, strict: true, allowPositionals: false });
    return Object.fromEntries(
      Object.entries(values).map(([name, value]) => [name, Array.isArray(value) ? undefined : value]),
    );
  } catch (error) {
    throw new OptionsError(error instanceof Error ? error.message : "unknown flag");
  }
}

function machine(): string {
  return `${availableParallelism()} vCPU, ${Math.round(totalmem() / 2 ** 30)} GiB`;
}
