import { readFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { extname, join, normalize } from "node:path";

const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
  ".txt": "text/plain; charset=utf-8",
};

/**
 * What the door allows a page: scripts and connections of its own origin, no inline script. The page is tested under it,
 * so that whatever would break in production breaks here. The door itself adds Convex to `connect-src`.
 */
const POLICY =
  "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

/** Answers a request itself, or says false to have a file sent. */
export type Answer = (request: IncomingMessage, response: ServerResponse) => boolean;

/** Serves a folder on loopback; a path that is no file gets `fallback`. Dispose it to stop. */
export async function serveFolder(folder: string, fallback: string, answer: Answer = () => false) {
  const server = createServer((request, response) => {
    if (!answer(request, response)) void sendFile(folder, fallback, request.url ?? "/", response);
  });
  const { promise, resolve } = Promise.withResolvers<undefined>();
  server.listen(0, "127.0.0.1", () => resolve(undefined));
  await promise;
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the server has no port");
  return {
    origin: `http://127.0.0.1:${String(address.port)}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((closed) => server.close(closed));
    },
  };
}

async function sendFile(folder: string, fallback: string, url: string, response: ServerResponse): Promise<void> {
  const path = normalize(new URL(url, "http://x").pathname);
  const name = extname(path) === "" ? fallback : path;
  try {
    const body = await readFile(join(folder, name));
    response.writeHead(200, {
      "content-type": TYPES[extname(name)] ?? "application/octet-stream",
      "content-security-policy": POLICY,
    });
    response.end(body);
  } catch {
    response.writeHead(404).end();
  }
}
