import { describe, expect, it, vi } from "vitest";
import { buildInternalHeaders, buildServiceTokenHeader, createOpenclawApi, pathWith, roundUsd } from "./openclawApi.ts";
import { RequestError } from "./requestError.ts";

describe("roundUsd", () => {
  it("shows 0.1 + 0.2 as 0.3 and keeps what is smaller than a cent", () => {
    expect(roundUsd(0.1 + 0.2)).toBe(0.3);
    expect(roundUsd(0.0042)).toBe(0.0042);
    expect(roundUsd(-0.000_000_4)).toBe(-0);
  });
});

describe("buildInternalHeaders", () => {
  it("names the key and the user as the door expects them", () => {
    expect(buildInternalHeaders("internal-key", "user_1")).toEqual({
      "X-OA-Internal-Key": "internal-key",
      "X-OA-User-Id": "user_1",
    });
  });

  it("acts for the user it is given, whatever the environment says", () => {
    vi.stubEnv("OA_INTERNAL_USER_ID", "everyone");
    expect(buildInternalHeaders("k", "ada")["X-OA-User-Id"]).toBe("ada");
    expect(buildInternalHeaders("k", "bob")["X-OA-User-Id"]).toBe("bob");
    vi.unstubAllEnvs();
  });

  it.each([
    ["", "ada", /internal key/],
    ["key\r\nX-Other: 1", "ada", /internal key/],
    ["key", "", /user id/],
    ["key", "ada\nbob", /user id/],
  ])("refuses %j for %j", (key, user, why) => {
    expect(() => buildInternalHeaders(key, user)).toThrow(why);
  });

  it("does not repeat the key it refuses", () => {
    expect(() => buildInternalHeaders("top secret", "ada")).toThrow(/^(?!.*top secret)/);
  });
});

describe("buildServiceTokenHeader", () => {
  it("names the token as a runtime expects it", () => {
    expect(buildServiceTokenHeader("ocst_abc")).toEqual({ "X-OpenAgents-Service-Token": "ocst_abc" });
  });

  it("refuses an empty token", () => {
    expect(() => buildServiceTokenHeader("")).toThrow(/service token/);
  });
});

describe("ids in paths", () => {
  it("fills one segment and refuses anything that would be more", () => {
    const path = "/api/openclaw/runtime/devices/{requestId}/approve";
    expect(pathWith(path, "requestId", "0b0f-7a52")).toBe("/api/openclaw/runtime/devices/0b0f-7a52/approve");
    for (const id of ["../x", "a/b", "a?b", "", "a%2fb"])
      expect(() => pathWith(path, "requestId", id)).toThrow(/an id is/);
  });
});

/** A door that answers each call with `respond`, and remembers what was asked. */
function door(respond: (request: Request) => Response | Promise<Response>) {
  const seen: Request[] = [];
  const api = createOpenclawApi({
    origin: "http://door.test",
    headers: buildInternalHeaders("k", "ada"),
    fetch: (input, init) => {
      const request = new Request(input, init);
      seen.push(request);
      return Promise.resolve(respond(request));
    },
  });
  return { api, seen };
}

async function failureOf(call: Promise<unknown>): Promise<RequestError> {
  const error: unknown = await call.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof RequestError)) throw new Error("the call did not fail as a RequestError");
  return error;
}

describe("a call to the door", () => {
  it("goes to the endpoint with the caller's headers and gives the envelope's data", async () => {
    const { api, seen } = door(() => Response.json({ ok: true, data: { instance: null } }));
    expect(await api.readInstance()).toEqual({ instance: null });
    expect(seen[0]?.url).toBe("http://door.test/api/openclaw/instance");
    expect(seen[0]?.headers.get("x-oa-user-id")).toBe("ada");
  });

  it("fails with the code, sentence and request id of a refusal", async () => {
    const { api } = door(() =>
      Response.json(
        { ok: false, error: { code: "busy", message: "A backup is running. Wait until it is done." } },
        { status: 409, headers: { "x-request-id": "req_1" } },
      ),
    );
    const error = await failureOf(api.restart());
    expect(error).toMatchObject({
      code: "busy",
      message: "A backup is running. Wait until it is done.",
      requestId: "req_1",
    });
  });

  it.each([
    ["HTML of a proxy", () => new Response("<html>502</html>", { status: 502 })],
    ["nothing", () => new Response(null, { status: 204 })],
    ["data of another shape", () => Response.json({ ok: true, data: { instance: { status: "fine" } } })],
    ["more than any answer of ours has", () => new Response("x".repeat(3 * 1024 * 1024))],
  ])("fails as malformed on %s, without its words", async (_, respond) => {
    const error = await failureOf(door(respond).api.readInstance());
    expect(error.code).toBe("malformed");
    expect(error.message).not.toMatch(/502|html|xxx/);
  });

  it("fails as offline when nothing is reached", async () => {
    const { api } = door(() => Promise.reject(new TypeError("fetch failed")));
    expect((await failureOf(api.readInstance())).code).toBe("offline");
  });

  it("gives up at its deadline when the answer never ends", async () => {
    const { envelopeFetch } = await import("./envelopeFetch.ts");
    const { InstanceRead } = await import("@oa/contract/worker");
    const never: typeof fetch = (_, init) =>
      new Promise((_resolve, reject) => {
        init?.signal?.addEventListener("abort", () => reject(new DOMException("aborted", "AbortError")));
      });
    const call = envelopeFetch(
      { origin: "http://door.test", fetch: never },
      { method: "GET", path: "/x", data: InstanceRead, deadlineMs: 20 },
    );
    expect((await failureOf(call)).code).toBe("timeout");
  });
});
