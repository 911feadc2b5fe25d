import { ApiError, type BackupRecord, type DeviceLists, type RuntimeEvent, SERVICE_TOKEN_HEADER } from "@oa/contract";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { blocksOf, serverSentEvents } from "../test/support/serverSentEvents.ts";
import type { Follower } from "./ports.ts";
import { type RuntimeAppOptions, createRuntimeApp } from "./app.ts";

const TOKEN = "svc-0123456789abcdefghijklmnopqrstuvwxyz";
const BACKUP: BackupRecord = {
  id: "bk_1",
  createdAt: 7,
  size: 3,
  sha256: "a".repeat(64),
  verified: true,
  openclawVersion: "1",
};
const EVENT: RuntimeEvent = {
  instance_id: "adaadaada",
  generation: 1,
  observed_at: 1,
  gateway: { status: "running", reason: null },
};

/** The rules of the API itself, with a machine that does nothing. Real gateways: `runtime/test`. */
describe("the service API of one instance", () => {
  let asked: string[];
  let reported: unknown[];
  let devices: () => Promise<DeviceLists>;
  let accepted: string[];
  let events: Follower | undefined;

  const call = (path: string, init: RequestInit = {}, token: string | null = TOKEN) => {
    const note = (what: string) => {
      asked.push(what);
    };
    const options: RuntimeAppOptions = {
      tokens: { accepted: () => accepted, used: (used) => note(`used ${used}`) },
      gateway: {
        status: () => ({ status: "running", restarts: 0 }),
        health: () => Promise.resolve({ ok: true, failing: [] }),
        restart: () => Promise.reject(new ApiError("gateway_unavailable", "It refuses its configuration.")),
        devices: () => devices(),
        approve: (requestId) => Promise.resolve({ approved: true, requestId }),
        reject: (requestId) => Promise.resolve({ approved: false, requestId }),
        remove: (deviceId) => Promise.resolve({ removed: true, deviceId }),
        connectInfo: () => ({ url: "ws://host/i/adaadaada/gateway", token: "0123456789abcdef" }),
      },
      storage: {
        list: () => Promise.resolve([BACKUP]),
        last: () => BACKUP,
        backup: () => Promise.resolve(BACKUP),
        restore: (restored) => Promise.resolve({ restored, replaced: "bk_0", tookMs: 1 }),
      },
      logs: {
        read: (since) => Promise.resolve({ lines: [], next: since }),
        bounds: () => Promise.resolve({ recent: 30, next: 40 }),
        subscribe: () => () => note("left"),
      },
      events: {
        snapshot: () => {
          note("snapshot");
          return EVENT;
        },
        subscribe: (follower) => {
          events = follower;
          return () => note("left");
        },
      },
      info: {
        version: { openclaw: "2026.9.6", runtime: "0.1.0" },
        instanceType: "2 vCPU",
        jobs: () => ({ at: 3, running: null, last: null }),
      },
      report: (error) => reported.push(error),
    };
    const headers = new Headers(init.headers);
    if (token !== null) headers.set(SERVICE_TOKEN_HEADER, token);
    return createRuntimeApp(options).request(path, { ...init, headers });
  };

  beforeEach(() => {
    asked = [];
    reported = [];
    accepted = [TOKEN];
    devices = () => Promise.resolve({ pending: [], paired: [] });
  });

  it("lets nobody in without the instance's own token, and answers every stranger alike", async () => {
    const answers = await Promise.all([
      call("/v1/status", {}, null),
      call("/v1/status", {}, "wrong"),
      call("/v1/status", {}, `${TOKEN}x`),
      call("/v1/nosuchpath", {}, TOKEN.slice(0, -1)),
    ]);
    const bodies = await Promise.all(answers.map((answer) => answer.text()));
    expect(answers.map((answer) => answer.status)).toEqual([401, 401, 401, 401]);
    expect(new Set(bodies).size).toBe(1);
    expect(JSON.parse(bodies[0] ?? "")).toMatchObject({ ok: false, error: { code: "unauthorized" } });
    expect(asked).toEqual([]);
  });

  it("opens for both tokens of a rotation, for none when there is none, and says which one was used", async () => {
    accepted = ["the-new-token-0123456789", TOKEN];
    expect((await call("/v1/status")).status).toBe(200);
    expect((await call("/v1/status", {}, "the-new-token-0123456789")).status).toBe(200);
    expect(asked).toEqual([`used ${TOKEN}`, "used the-new-token-0123456789"]);
    accepted = [];
    expect((await call("/v1/status", {}, "")).status).toBe(401);
  });

  it("answers the status in the envelope, without waking anything", async () => {
    const answer = await call("/v1/status?wake=0");
    expect(await answer.json()).toEqual({
      ok: true,
      data: {
        gateway: { status: "running", restarts: 0 },
        lastBackup: BACKUP,
        container: { instanceType: "2 vCPU" },
        version: { openclaw: "2026.9.6", runtime: "0.1.0" },
        health: { ok: true, failing: [] },
        jobs: { at: 3, running: null, last: null },
      },
    });
    expect(answer.headers.get("cache-control")).toBe("no-store");
  });

  it("gives every answer a request id, the caller's own where it sent a decent one", async () => {
    expect((await call("/v1/status", { headers: { "x-request-id": "req-1" } })).headers.get("x-request-id")).toBe(
      "req-1",
    );
    const other = await call("/v1/status", { headers: { "x-request-id": "<script>" } }, null);
    expect(other.headers.get("x-request-id")).toMatch(/^[\w-]{10,}$/);
  });

  it.each(["..%2fadmin", "a%20b", "a;b", "a%0ab", "x".repeat(65)])(
    "refuses %s as an id before anybody is asked",
    async (id) => {
      for (const [method, path] of [
        ["POST", `/v1/devices/${id}/approve`],
        ["POST", `/v1/devices/${id}/reject`],
        ["DELETE", `/v1/devices/${id}`],
      ]) {
        const answer = await call(path ?? "", { method: method ?? "" });
        expect(answer.status).toBe(400);
        expect(await answer.json()).toMatchObject({ error: { code: "invalid_request" } });
      }
    },
  );

  it("passes a fitting id on as it is", async () => {
    const answer = await call("/v1/devices/Req_1-x/approve", { method: "POST" });
    expect(await answer.json()).toEqual({ ok: true, data: { approved: true, requestId: "Req_1-x" } });
  });

  it("answers a backup with the seed's field, and a restore from its body", async () => {
    expect(await (await call("/v1/storage/backup", { method: "POST" })).json()).toEqual({
      ok: true,
      data: { lastBackup: 7, id: "bk_1", size: 3, sha256: "a".repeat(64) },
    });
    const restored = await call("/v1/storage/restore", { method: "POST", body: JSON.stringify({ id: "bk_1" }) });
    expect(await restored.json()).toMatchObject({ ok: true, data: { restored: "bk_1" } });
    for (const body of ["", "{", "{}", '{"id":"../x"}'])
      expect((await call("/v1/storage/restore", { method: "POST", body })).status).toBe(400);
  });

  it("refuses a body that is too large", async () => {
    const answer = await call("/v1/storage/restore", { method: "POST", body: "x".repeat(300 * 1024) });
    expect(answer.status).toBe(413);
    expect(await answer.json()).toMatchObject({ error: { code: "payload_too_large" } });
  });

  it("says why a restart did not work", async () => {
    const answer = await call("/v1/gateway/restart", { method: "POST" });
    expect(answer.status).toBe(503);
    expect(await answer.json()).toEqual({
      ok: false,
      error: { code: "gateway_unavailable", message: "It refuses its configuration." },
    });
  });

  it("shows nothing of an error it did not expect, and reports it", async () => {
    devices = () => Promise.reject(new Error("secret /home/path token=abc"));
    const answer = await call("/v1/devices");
    expect(answer.status).toBe(500);
    expect(await answer.text()).not.toContain("secret");
    expect(String(reported[0])).toContain("secret");
  });

  it("knows no other path, and takes only numbers as a log position", async () => {
    expect((await call("/v1/nosuchpath")).status).toBe(404);
    expect((await call("/")).status).toBe(404);
    expect((await call("/v1/logs?since=-1")).status).toBe(400);
    expect((await call("/v1/logs/stream?since=x")).status).toBe(400);
    expect((await call("/v1/logs/stream", { headers: { "last-event-id": "1e3" } })).status).toBe(400);
    expect(await (await call("/v1/logs?since=12")).json()).toEqual({ ok: true, data: { lines: [], next: 12 } });
  });

  it("follows the log from the last event a reader has seen, else from `since`, else from the newest lines", async () => {
    const first = async (path: string, headers: Record<string, string> = {}) => {
      const answer = await call(path, { headers });
      for await (const { id } of serverSentEvents(answer)) return { id, type: answer.headers.get("content-type") };
      throw new Error("the stream ended");
    };
    expect(await first("/v1/logs/stream")).toEqual({ id: "30", type: "text/event-stream" });
    expect((await first("/v1/logs/stream?since=12")).id).toBe("12");
    expect((await first("/v1/logs/stream?since=12", { "last-event-id": "25" })).id).toBe("25");
    expect((await first("/v1/logs/stream?since=41")).id).toBe("30");
    expect(asked.filter((what) => what === "left")).toHaveLength(4);
  });

  describe("a log that is followed", () => {
    beforeEach(() => {
      vi.useFakeTimers();
      return () => vi.useRealTimers();
    });

    it("gives a sign of life every fifteen seconds while nothing is said", async () => {
      const blocks = blocksOf(await call("/v1/logs/stream"));
      expect((await blocks.next()).value).toContain("event: lines");
      const alive = blocks.next();
      await vi.advanceTimersByTimeAsync(15_000);
      expect((await alive).value).toBe(": still here");
      await blocks.return(undefined);
    });

    it("lets a reader go that takes nothing for a minute", async () => {
      const answer = await call("/v1/logs/stream");
      await vi.advanceTimersByTimeAsync(59_000);
      expect(asked).not.toContain("left");
      await vi.advanceTimersByTimeAsync(60_000);
      expect(asked).toContain("left");
      expect(answer.bodyUsed).toBe(false);
    });
  });

  describe("changes that are followed", () => {
    const snapshots = () => asked.filter((what) => what === "snapshot").length;
    beforeEach(() => {
      vi.useFakeTimers();
      return () => vi.useRealTimers();
    });

    it("come whole, one for each, with a sign of life in between", async () => {
      const blocks = blocksOf(await call("/v1/events"));
      expect((await blocks.next()).value).toBe(`event: runtime\ndata: ${JSON.stringify(EVENT)}`);
      const next = blocks.next();
      await vi.advanceTimersByTimeAsync(0);
      events?.changed();
      expect((await next).value).toContain("event: runtime");
      const alive = blocks.next();
      await vi.advanceTimersByTimeAsync(15_000);
      expect((await alive).value).toBe(": still here");
      await blocks.return(undefined);
      expect(asked).toContain("left");
    });

    it("cost no memory for a reader that never reads: they become one, and it is let go after a minute", async () => {
      const answer = await call("/v1/events");
      for (let i = 0; i < 1_000; i += 1) {
        events?.changed();
        await vi.advanceTimersByTimeAsync(1);
      }
      expect(snapshots()).toBeLessThanOrEqual(3);
      expect(asked).not.toContain("left");
      await vi.advanceTimersByTimeAsync(60_000);
      expect(asked).toContain("left");
      expect(answer.bodyUsed).toBe(false);
    });

    it("end when the instance is gone", async () => {
      const blocks = blocksOf(await call("/v1/events"));
      await blocks.next();
      const last = blocks.next();
      events?.ended();
      await vi.advanceTimersByTimeAsync(0);
      expect((await last).done).toBe(true);
    });
  });
});
