import { readFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import { findPackageJSON } from "node:module";
import { dirname, join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Chat, startChat } from "../embedded-convex/test/support/chat.ts";
import { launchChromium } from "./support/chromium.ts";

/** A page that shows a channel's messages as the official browser client gives them, and can send one. */
const PAGE = `<!doctype html><meta charset="utf-8"><title>chat</title><script src="/convex.js"></script>
<ul id="list"></ul><script>
  const named = (name) => ({ [Symbol.for("functionName")]: name });
  const client = new convex.ConvexClient(new URLSearchParams(location.search).get("convex"));
  client.onUpdate(named("messages:list"), { channel: "browsers" }, (messages) => {
    document.querySelector("#list").replaceChildren(...messages.map(({ body }) => {
      const item = document.createElement("li");
      item.textContent = body;
      return item;
    }));
  });
  window.send = (body) => client.mutation(named("messages:send"), { channel: "browsers", body });
</script>`;

describe("two browsers on one embedded deployment", () => {
  let chat: Chat;
  let site: Server;
  let browser: Browser;
  let ada: Page;
  let bob: Page;
  /** Messages Bob's browser has put on its sockets. */
  let sentByBob = 0;

  beforeAll(async () => {
    chat = await startChat();
    const bundle = await clientBundle();
    site = createServer((request, response) => {
      const script = request.url === "/convex.js";
      response.setHeader("content-type", script ? "text/javascript" : "text/html");
      response.end(script ? bundle : PAGE);
    });
    const port = await new Promise<number>((resolve) => {
      site.listen(0, "127.0.0.1", () => {
        const address = site.address();
        resolve(typeof address === "object" && address !== null ? address.port : 0);
      });
    });
    browser = await launchChromium();
    const open = async (watch: (page: Page) => void): Promise<Page> => {
      const page = await (await browser.newContext()).newPage();
      page.setDefaultTimeout(60_000);
      watch(page);
      await page.goto(`http://127.0.0.1:${port}/?convex=${encodeURIComponent(chat.deployment.url)}`);
      return page;
    };
    ada = await open(() => undefined);
    bob = await open((page) => page.on("websocket", (socket) => socket.on("framesent", () => (sentByBob += 1))));
  });
  afterAll(async () => {
    await browser.close();
    site.close();
    await chat.close();
  });

  const send = (page: Page, body: string) => page.evaluate(`send(${JSON.stringify(body)})`);
  const shows = (page: Page, body: string) => page.locator("li", { hasText: body }).waitFor();

  it("each sees the other's change", async () => {
    await send(ada, "from Ada");
    await shows(bob, "from Ada");
    await send(bob, "from Bob");
    await shows(ada, "from Bob");
  });

  it("within one round trip: the change comes without the other browser asking for anything", async () => {
    await expect.poll(() => quietFor(() => sentByBob)).toBe(true);
    const before = sentByBob;
    await send(ada, "pushed");
    await shows(bob, "pushed");
    expect(sentByBob).toBe(before);
  });

  it("and again after the server was killed and started anew, without a reload", async () => {
    await chat.restart("SIGKILL");
    await send(ada, "after the restart");
    await shows(bob, "after the restart");
    expect(await bob.locator("li").allTextContents()).toEqual(["from Ada", "from Bob", "pushed", "after the restart"]);
  });
});

/** True when the count stands still for half a second. */
async function quietFor(count: () => number): Promise<boolean> {
  const before = count();
  await new Promise((resolve) => {
    setTimeout(resolve, 500);
  });
  return count() === before;
}

/** The client as the package ships it for a script element. */
async function clientBundle(): Promise<string> {
  const manifest = findPackageJSON("convex", import.meta.url);
  if (manifest === undefined) throw new Error("the package convex is not installed");
  return await readFile(join(dirname(manifest), "dist/browser.bundle.js"), "utf8");
}
