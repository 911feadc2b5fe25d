import { runDouble } from "../kit/command.ts";
import { CLIENT_FLAGS, CLIENT_USAGE, clientFromFlags } from "../oauth/clients.ts";
import { startGithubDouble } from "./github.ts";

await runDouble({
  usage: `Usage: node main.ts --redirect-uri <url> [options]\n\nA double of GitHub's sign-in.\n\n${CLIENT_USAGE}`,
  flags: CLIENT_FLAGS,
  start: (port, flags) => startGithubDouble({ port, clients: [clientFromFlags(flags)] }),
});
