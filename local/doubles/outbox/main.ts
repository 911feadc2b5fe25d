import { runDouble } from "../kit/command.ts";
import { startOutboxDouble } from "./outbox.ts";

await runDouble({
  usage: `Usage: node main.ts [options]

A double of a mail provider with Resend's HTTP API; sent mail stands on <url>/outbox.

  --key <key>         an API key it accepts (double_…); may be given more than once; default: every key that begins so
  --port <number>     default: any free one
`,
  flags: ["key"],
  start: (port, { key = [] }) => startOutboxDouble({ port, ...(key.length === 0 ? {} : { keys: key }) }),
});
