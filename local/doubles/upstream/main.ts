import { runDouble } from "../kit/command.ts";
import { startUpstreamDouble } from "./upstream.ts";

await runDouble({
  usage: `Usage: node main.ts [options]

A double of an OpenAI-compatible model endpoint; clients use <url>/v1.

  --key <key>         a key it accepts (double_…); may be given more than once; default: every key that begins so
  --model <id>        a model it has; may be given more than once; default: any
  --port <number>     default: any free one
`,
  flags: ["key", "model"],
  start: (port, { key = [], model = [] }) =>
    startUpstreamDouble({
      port,
      ...(key.length === 0 ? {} : { keys: key }),
      ...(model.length === 0 ? {} : { models: model }),
    }),
});
