/** The fixture project "chat", deployed with an issuer of tokens that it trusts. */
import { join } from "node:path";
import { convexCli, copyFixture, deploy, startDeployment, tempDir, type Deployment } from "./deployment.ts";
import { createIssuer, type Issuer } from "./tokens.ts";

export const CHAT_ISSUER = "https://issuer.example";

export interface Chat {
  deployment: Deployment;
  project: string;
  issuer: Issuer;
  /** A token of `subject`; `expiresIn` in seconds. */
  token(subject: string, expiresIn?: number): Promise<string>;
  /** Stops the server with `signal` and starts it again on the same ports and data. */
  restart(signal?: NodeJS.Signals): Promise<void>;
  close(): Promise<void>;
}

export async function startChat(args: string[] = []): Promise<Chat> {
  const dir = await tempDir();
  const dataDir = join(dir.path, "data");
  const issuer = await createIssuer();
  const project = await copyFixture("chat", dir.path);
  const chat: Chat = {
    deployment: await startDeployment(dataDir, { args }),
    project,
    issuer,
    token: (sub, expiresIn = 3600) => issuer.token({ iss: CHAT_ISSUER, aud: "chat", sub, name: sub }, { expiresIn }),
    async restart(signal = "SIGTERM") {
      await chat.deployment.stop(signal);
      const { port } = new URL(chat.deployment.url);
      const { port: sitePort } = new URL(chat.deployment.siteUrl);
      chat.deployment = await startDeployment(dataDir, { port: Number(port), sitePort: Number(sitePort), args });
    },
    async close() {
      await chat.deployment.stop();
      await dir.remove();
    },
  };
  try {
    await convexCli(project, chat.deployment, ["env", "set", "JWKS_URI", issuer.dataUri]);
    await deploy(project, chat.deployment);
  } catch (error) {
    await chat.close();
    throw error;
  }
  return chat;
}
