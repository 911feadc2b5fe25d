import { Hono } from "hono";
import { describe, expect, it } from "vitest";
import { clientOf } from "./client.ts";
import type { AppEnv } from "./context.ts";

/** What the security page would show of a request from `ip`, which the platform places in Austin. */
async function shownOf(ip: string): Promise<unknown> {
  const app = new Hono<AppEnv>().get("/", (c) => c.json(clientOf(c)));
  const request = new Request("http://api.test/", { headers: { "cf-connecting-ip": ip } });
  Object.defineProperty(request, "cf", { value: { city: "Austin", country: "US" } });
  return await (await app.request(request)).json();
}

describe("where a sign-in came from", () => {
  it("is the place the platform names for an address of the internet", async () => {
    expect(await shownOf("203.0.113.9")).toMatchObject({ ip: "203.0.113.9", place: "Austin, US" });
  });

  it.each(["127.0.0.1", "127.8.8.8", "::1"])(
    "is no place for %s: the development server's stand-in is nobody's",
    async (ip) => {
      expect(await shownOf(ip)).toMatchObject({ ip, place: null });
    },
  );
});
