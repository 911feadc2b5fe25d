import { EDITOR_PATHS } from "@oa/contract";
import { describe, expect, it } from "vitest";
import type { Route } from "../src/route.ts";
import { sha256Hex } from "../src/secretEqual.ts";
import { ROUTES } from "../src/routes/index.ts";
import { FLEET_HEADERS, INTERNAL_KEY, ORIGIN, openWorld } from "./support/world.ts";
import type { TestWorld } from "./support/world.ts";

/** The path with ids in it that are nobody's; sent without a body: gates come before both. */
const pathOf = (route: Route) => route.path.replaceAll(/\{\w+\}/g, "nobodys");
const send = (world: TestWorld, route: Route, headers: Record<string, string>) =>
  world.send(route.method, pathOf(route), { headers });

const INTERNAL = { "x-oa-internal-key": INTERNAL_KEY };
const named = (routes: readonly Route[]) =>
  routes.map((route) => [`${route.method} ${route.path} (${route.gate})`, route] as const);
const gated = ROUTES.filter((route) => route.gate !== "none" && route.gate !== "open");
/** Gates of programs: no cookie is read there, so a browser's visitor has nothing to lend. */
const PROGRAMS: ReadonlySet<string> = new Set(["internal", "fleet", "open", "editor", "management", "spender"]);
const acts = ROUTES.filter((route) => route.method !== "GET" && !PROGRAMS.has(route.gate));
const forPrograms = ROUTES.filter((route) => ["editor", "management", "spender"].includes(route.gate));
const [publicApi, closed] = [true, false].map((open) =>
  ROUTES.filter((route) => route.path.startsWith("/api/openclaw") === open),
);
const [documents, others] = [true, false].map((page) =>
  ROUTES.filter((route) => (route.kind === "document") === page && route.path !== EDITOR_PATHS.jwks),
);

/** A signed-in browser: its session stands in Convex, its cookie is the answer. */
async function signedIn(world: TestWorld): Promise<string> {
  const token = "t".repeat(43);
  const user = { user_id: "user1", email: "ada@example.com", created_at: 1 };
  await world.set(["convex", "users"], [{ user, password_hash: "" }]);
  await world.set(["convex", "sessions", sha256Hex(token)], { user_id: "user1", user_agent: null, ip: null });
  return `__Host-sid=${token}`;
}

describe.each(named(gated))("%s", (_name, route) => {
  it("lets nobody pass without what its gate asks for", async () => {
    const world = await openWorld();
    expect((await send(world, route, {})).error().code).toBe("unauthorized");
    expect((await send(world, route, { origin: ORIGIN })).error().code).toBe("unauthorized");
    const headers = { origin: ORIGIN, cookie: `__Host-sid=${"x".repeat(43)}`, authorization: `Bearer ${INTERNAL_KEY}` };
    expect((await send(world, route, headers)).error().code).toBe("unauthorized");
  });

  it("takes no key for another gate's", async () => {
    const world = await openWorld();
    const codes = [await send(world, route, FLEET_HEADERS), await send(world, route, INTERNAL)].map(
      (answer) => answer.error().code,
    );
    // `invalid_request` is past the gate: there is no body, and for an actor nobody to act for.
    const expected = {
      none: [],
      actor: ["unauthorized", "invalid_request"],
      session: ["unauthorized", "unauthorized"],
      admin: ["unauthorized", "unauthorized"],
      internal: ["unauthorized", "invalid_request"],
      fleet: ["invalid_request", "unauthorized"],
      open: [],
      editor: ["unauthorized", "unauthorized"],
      management: ["unauthorized", "unauthorized"],
      spender: ["unauthorized", "unauthorized"],
    };
    expect(codes).toEqual(expected[route.gate]);
  });
});

describe.each(named(ROUTES))("%s", (_name, route) => {
  it("refuses a spoofed X-OA-User-Id, whoever sends it (R2)", async () => {
    const world = await openWorld();
    expect((await send(world, route, { "x-oa-user-id": "ada" })).error().code).toBe("forbidden");
    const cookie = await signedIn(world);
    const signed = await send(world, route, { cookie, "x-oa-user-id": "bob", origin: ORIGIN });
    expect(signed.error().code).toBe("forbidden");
    expect((await send(world, route, { ...FLEET_HEADERS, "x-oa-user-id": "bob" })).error().code).toBe("forbidden");
  });

  it("refuses a wrong key of any kind, and any other x-oa header without one (R10)", async () => {
    const world = await openWorld();
    for (const key of ["", "x", `${INTERNAL_KEY}x`, INTERNAL_KEY.slice(0, -1), INTERNAL_KEY.toUpperCase()]) {
      const answer = await send(world, route, { "x-oa-internal-key": key, "x-oa-user-id": "ada" });
      expect(answer.error().code).toBe("unauthorized");
    }
    expect((await send(world, route, { "x-oa-fleet-key": "wrong" })).error().code).toBe("unauthorized");
    const control = await send(world, route, { "x-oa-control-key": "control-key-of-the-tests" });
    expect(control.error().code).toBe("forbidden");
    expect((await send(world, route, { "x-oa-anything": "1" })).error().code).toBe("forbidden");
  });

  it("says which methods its path takes, under a request id", async () => {
    const world = await openWorld();
    const taken = new Set<string>(ROUTES.filter(({ path }) => path === route.path).map(({ method }) => method));
    const other = ["PATCH", "PUT", "DELETE"].find((method) => !taken.has(method)) ?? "";
    const answer = await world.send(other, pathOf(route));
    expect(answer.error().code).toBe("method_not_allowed");
    expect(answer.headers.get("allow")).toContain(route.method);
    expect(answer.headers.get("x-request-id")).toMatch(/.{8}/);
  });
});

describe("a program's door", () => {
  it.each(named(forPrograms))("%s does not open to a signed-in browser's cookie", async (_name, route) => {
    const world = await openWorld();
    const cookie = await signedIn(world);
    const headers = { cookie, origin: ORIGIN, "sec-fetch-site": "same-origin" };
    expect((await send(world, route, headers)).error().code).toBe("unauthorized");
  });
});

describe("a page of another site", () => {
  it.each(named(acts))("cannot do %s with a visitor's cookie", async (_name, route) => {
    const world = await openWorld();
    const cookie = await signedIn(world);
    const foreign: Record<string, string>[] = [
      {},
      { origin: "https://evil.example.net" },
      { origin: "null" },
      { "sec-fetch-site": "cross-site", origin: ORIGIN },
      { "sec-fetch-site": "same-site" },
    ];
    for (const headers of foreign) {
      expect((await send(world, route, { cookie, ...headers })).error().code).toBe("forbidden");
    }
    expect((await world.state()).convex.audit).toEqual([]);
  });

  const preflight = (world: TestWorld, route: Route, origin: string) => {
    const headers = {
      origin,
      "access-control-request-method": route.method,
      "access-control-request-headers": "x-oa-internal-key",
    };
    return world.send("OPTIONS", pathOf(route), { headers });
  };
  const allowed = (answer: { headers: Headers }) => answer.headers.get("access-control-allow-origin");
  const partner = "https://partner.example.com";

  it.each(named(publicApi ?? []))(
    "may call %s when its origin is configured, without cookies (R9)",
    async (_, route) => {
      const world = await openWorld({ OA_CORS_ORIGINS: `https://other.example.com, ${partner}` });
      const granted = await preflight(world, route, partner);
      expect(allowed(granted)).toBe(partner);
      expect(granted.headers.get("access-control-allow-headers")?.toLowerCase()).toContain("x-oa-internal-key");
      expect(granted.headers.get("access-control-allow-credentials")).toBeNull();
      expect(allowed(await preflight(world, route, "https://evil.example.net"))).toBeNull();
      expect(allowed(await preflight(await openWorld(), route, partner))).toBeNull();
    },
  );

  it.each(named(closed ?? []))("may never call %s (R9)", async (_name, route) => {
    const world = await openWorld({ OA_CORS_ORIGINS: partner });
    expect(allowed(await preflight(world, route, partner))).toBeNull();
    expect(allowed(await send(world, route, { origin: partner }))).toBeNull();
  });
});

describe("a Worker whose variables are missing or malformed", () => {
  const broken = { OA_INTERNAL_KEY: "", CONVEX_SITE_URL: "ftp://x", OA_FLEET_KEY: undefined };

  it.each(named(others ?? []))("names each of them on %s instead of working half", async (_name, route) => {
    const answer = await send(await openWorld(broken), route, {});
    expect(answer.status).toBe(503);
    expect(answer.error().code).toBe("not_configured");
    expect(answer.error().message).toMatch(/(?=.*OA_INTERNAL_KEY)(?=.*CONVEX_SITE_URL)/);
    expect(answer.text).not.toContain("ftp://x");
  });

  it.each(named(documents ?? []))("still shows %s", async (_name, route) => {
    expect((await send(await openWorld(broken), route, {})).status).toBe(200);
  });
});

describe("what no route takes", () => {
  it("is a 404 in the envelope for programs, and the website for people", async () => {
    const files = {
      fetch: () => Promise.resolve(new Response("<html>", { headers: { "content-type": "text/html" } })),
    };
    const world = await openWorld({ ASSETS: files });
    for (const path of [
      "/api",
      "/api/openclaw/nope",
      "/internal/x",
      "/web/x",
      "/control/openclaw/instance",
      "/fleet/instances/x",
      "/v1/x",
    ]) {
      expect((await world.send("GET", path)).error().code).toBe("not_found");
    }
    const page = await world.send("GET", "/openclaw/security");
    expect(page.text).toBe("<html>");
    expect(page.headers.get("x-request-id")).not.toBeNull();
    expect(page.headers.get("content-security-policy")).toContain(
      "connect-src 'self' https://convex.example.com wss://convex.example.com",
    );
    expect((await world.send("GET", "/", { headers: { "x-oa-user-id": "ada" } })).status).toBe(403);
    expect((await world.send("POST", "/openclaw")).error().code).toBe("not_found");
  });

  it("is a page where it may be one, and missing where it is a file that is gone", async () => {
    const known = new Map([
      ["/", "<html>"],
      ["/robots.txt", "User-agent: *"],
      ["/assets/app-1.js", "export {}"],
    ]);
    const fetch = (request: Request) => {
      const text = known.get(new URL(request.url).pathname);
      return Promise.resolve(new Response(text ?? null, { status: text === undefined ? 404 : 200 }));
    };
    const world = await openWorld({ ASSETS: { fetch } });
    for (const [path, text] of known) expect((await world.send("GET", path)).text).toBe(text);
    expect((await world.send("GET", "/openclaw/security?tab=1")).text).toBe("<html>");
    // An older page asks for a file of its own deployment: the page in its place would be kept as that file.
    const gone = await world.send("GET", "/assets/app-0.js");
    expect([gone.status, gone.error().code, gone.headers.get("cache-control")]).toEqual([404, "not_found", "no-store"]);
  });

  it("reads a caller's request id, and replaces one that is not one", async () => {
    const world = await openWorld();
    const asked = await world.send("GET", "/api/openclaw", { headers: { "x-request-id": "trace-7" } });
    expect(asked.headers.get("x-request-id")).toBe("trace-7");
    const forged = await world.send("GET", "/api/openclaw", { headers: { "x-request-id": "a b <script>" } });
    expect(forged.headers.get("x-request-id")).not.toContain("<");
  });
});

describe("the user of a request", () => {
  it("is the header's for a service, whatever query and body say (R8)", async () => {
    const world = await openWorld();
    const headers = { ...INTERNAL, "x-oa-user-id": "ada" };
    await world.send("POST", "/api/openclaw/instance?user_id=bob&userId=bob", {
      headers,
      body: { user_id: "bob", userId: "bob" },
    });
    expect((await world.state()).convex.instances.map((row) => row.user_id)).toEqual(["ada"]);
  });

  it("must be one well-formed id", async () => {
    const world = await openWorld();
    for (const id of ["", "../x", "a b", "a,b", "a/b", "é", "x".repeat(129)]) {
      const answer = await world.send("GET", "/api/openclaw/instance", {
        headers: { ...INTERNAL, "x-oa-user-id": encodeURI(id) },
      });
      expect(answer.error().code).toBe("invalid_request");
    }
  });

  it("is the session's for a browser", async () => {
    const world = await openWorld();
    const cookie = await signedIn(world);
    await world.send("POST", "/api/openclaw/instance?user_id=bob", { headers: { cookie, origin: ORIGIN }, body: {} });
    expect((await world.state()).convex.instances.map((row) => row.user_id)).toEqual(["user1"]);
    expect((await world.send("GET", "/api/openclaw/billing/summary", { headers: { cookie } })).text).toContain(
      '"user_id":"user1"',
    );
  });
});
