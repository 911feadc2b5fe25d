import type { ConnectInfo } from "@oa/contract/runtime";

/** The ways to point a device at a gateway, as commands of the `openclaw` CLI. */
export interface ConnectCommands {
  /** Chat with the agent in a terminal. */
  chat: string;
  /** Lend this computer to the agent as a node. */
  node: string;
  /** Address of the Control UI for a browser. Carries no token: it is pasted there. */
  controlUi: string;
}

/** Throws a TypeError when the address is not a ws: or wss: URL. */
export function connectCommands(info: ConnectInfo): ConnectCommands {
  const url = new URL(info.url);
  const secure = url.protocol === "wss:";
  if (!secure && url.protocol !== "ws:") throw new TypeError("the gateway's address is not a WebSocket address");
  const port = url.port === "" ? (secure ? "443" : "80") : url.port;
  const page = new URL(info.url);
  page.protocol = secure ? "https:" : "http:";
  if (!page.pathname.endsWith("/")) page.pathname += "/";
  return {
    chat: `openclaw tui --url ${shellQuote(info.url)} --token ${shellQuote(info.token)}`,
    node: [
      `OPENCLAW_GATEWAY_TOKEN=${shellQuote(info.token)}`,
      `openclaw node run --host ${shellQuote(url.hostname)} --port ${port}`,
      `--context-path ${shellQuote(url.pathname)} ${secure ? "--tls" : "--no-tls"}`,
    ].join(" "),
    controlUi: page.href,
  };
}

/** Words of safe characters stay as they are; everything else is put in single quotes (POSIX shells). */
export function shellQuote(word: string): string {
  return /^[A-Za-z0-9_./:@%+=-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`;
}
