import { parseArgs } from "node:util";
import type { Double } from "./double.ts";

/** Values of the command line, each flag as often as it was given. */
export type Flags = Readonly<Record<string, readonly string[]>>;

/** sysexits.h: the command line was wrong. */
const EX_USAGE = 64;

/**
 * The command line of one double: `--port <number>` (default: any free one), the double's own flags, `--help`.
 * Prints one line when it listens and ends on SIGTERM or SIGINT.
 */
export async function runDouble(options: {
  usage: string;
  flags: readonly string[];
  start: (port: number, flags: Flags) => Promise<Double>;
}): Promise<void> {
  const { port, flags } = readFlags(options.usage, options.flags);
  const double = await start(() => options.start(port, flags));
  process.stdout.write(`double of ${double.name} listening on ${double.url}\n`);
  const stop = (): void => void double.close().then(() => process.exit(0));
  process.once("SIGTERM", stop);
  process.once("SIGINT", stop);
}

async function start(work: () => Promise<Double>): Promise<Double> {
  try {
    return await work();
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exit(1);
  }
}

function readFlags(usage: string, names: readonly string[]): { port: number; flags: Flags } {
  try {
    const own = Object.fromEntries(names.map((name) => [name, { type: "string", multiple: true }] as const));
    const { values } = parseArgs({
      options: { port: { type: "string", default: "0" }, help: { type: "boolean", default: false }, ...own },
      strict: true,
    });
    if (values.help) {
      process.stdout.write(usage);
      process.exit(0);
    }
    const port = Number(values.port);
    if (!Number.isInteger(port) || port < 0 || port > 65_535) throw new Error("--port: a number from 0 to 65535");
    const given: Record<string, string[]> = {};
    for (const name of names) {
      const value: unknown = Reflect.get(values, name);
      given[name] = Array.isArray(value) ? value.filter((one) => typeof one === "string") : [];
    }
    return { port, flags: given };
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n${usage}`);
    process.exit(EX_USAGE);
  }
}
