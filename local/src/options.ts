import { parseArgs } from "node:util";
import { resolve } from "node:path";

/** How `npm start` was asked to run. */
export interface StartOptions {
  /** Folder for everything the stack keeps: database, secrets, gateways' homes, logs. */
  dataDir: string;
  /** Port of the page and the API; null takes the last one used, else the first free one from 8787. */
  port: number | null;
  /** Open the page in a browser once it answers. */
  open: boolean;
  /** Delete what the stack keeps in `dataDir` first. */
  reset: boolean;
  /** Do so without a question. */
  yes: boolean;
  help: boolean;
}

const FLAGS = {
  port: { type: "string" },
  "data-dir": { type: "string", default: ".local" },
  reset: { type: "boolean", default: false },
  yes: { type: "boolean", default: false },
  "no-open": { type: "boolean", default: false },
  help: { type: "boolean", default: false },
} as const;

export const HELP = `Usage: npm start -- [options]

Runs the whole product on this machine: database, API, website, and a runtime
host with real OpenClaw gateways.

  --port <number>    port of the page and the API; without it the last one used,
                     else the first free one from 8787
  --data-dir <path>  where everything is kept (default: .local)
  --reset            first delete the accounts, instances, backups and keys kept
                     there, after a question
  --yes              answer that question with yes
  --no-open          do not open a browser
  --help             this text

Variables from .env and the environment override generated ones; .env.example
lists them. Ctrl-C stops everything. Data stays until --reset.
`;

/** What was asked for, or an Error whose sentence says what to change. `env` is the one npm has started us with. */
export function parseOptions(
  argv: readonly string[],
  cwd: string,
  env: Readonly<Record<string, string | undefined>>,
): StartOptions | Error {
  try {
    refuseTakenByNpm(env);
    const { values } = parseArgs({ args: [...argv], options: FLAGS, strict: true });
    return {
      dataDir: folder(values["data-dir"], cwd),
      port: values.port === undefined ? null : portNumber(values.port),
      open: !values["no-open"],
      reset: values.reset,
      yes: values.yes,
      help: values.help,
    };
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}

/** Without `--` before them npm keeps options for itself, and we would do something else than was asked. */
function refuseTakenByNpm(env: Readonly<Record<string, string | undefined>>): void {
  for (const name of ["port", "data-dir", "reset"]) {
    if (env[`npm_config_${name.replace("-", "_")}`] !== undefined)
      throw new Error(`npm took --${name} for itself. Put -- before it: npm start -- --${name} …`);
  }
}

function folder(text: string, cwd: string): string {
  if (text === "") throw new Error("--data-dir: name a folder");
  return resolve(cwd, text);
}

function portNumber(text: string): number {
  const port = Number(text);
  if (text.trim() === "" || !Number.isInteger(port) || port < 0 || port > 65_535) {
    throw new Error(`--port ${text}: a port is a number from 1 to 65535 (0 takes any free one)`);
  }
  return port;
}
