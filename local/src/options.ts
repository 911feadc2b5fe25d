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
  /** Delete everything in `dataDir` first. */
  reset: boolean;
  help: boolean;
}

export const HELP = `Usage: npm start -- [options]

Runs the whole product on this machine: database, API, runtime host with real OpenClaw gateways, website.

  --port <number>    port of the page and the API (default: the last one used, else the first free from 8787)
  --data-dir <path>  where everything is kept (default: .local)
  --reset            delete the accounts, instances and keys kept there, after a question; --yes answers it
  --yes              answer yes
  --no-open          do not open a browser
  --help             this text

Variables from .env and the environment override generated ones; .env.example lists them.
Ctrl-C stops everything. Data stays until --reset.
`;

/** Throws an Error with a sentence for a flag it does not know or a port that is none. */
export function parseOptions(argv: readonly string[], cwd: string): StartOptions & { yes: boolean } {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      port: { type: "string" },
      "data-dir": { type: "string", default: ".local" },
      reset: { type: "boolean", default: false },
      yes: { type: "boolean", default: false },
      "no-open": { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
    strict: true,
  });
  return {
    dataDir: resolve(cwd, values["data-dir"]),
    port: values.port === undefined ? null : portNumber(values.port),
    open: !values["no-open"],
    reset: values.reset,
    yes: values.yes,
    help: values.help,
  };
}

function portNumber(text: string): number {
  const port = Number(text);
  if (!Number.isInteger(port) || port < 0 || port > 65_535) {
    throw new Error(`--port ${text}: a port is a number from 1 to 65535 (0 takes any free one)`);
  }
  return port;
}
