import { NO_EXPIRY, type PendingDevice } from "@oa/contract/runtime";
import { describe, expect, it } from "vitest";
import { deviceFacts, deviceName, openRequests, permissions, runsOut } from "./deviceView.ts";

function request(requestId: string, expiresAt: number): PendingDevice {
  return {
    requestId,
    deviceId: "d1",
    client: { id: "cli", mode: "cli", platform: "linux" },
    role: "operator",
    scopes: [],
    requestedAt: 0,
    expiresAt,
  };
}

describe("the name of a device", () => {
  it("is its own, else the kind of client, else the id of a client that is new to us", () => {
    expect(deviceName({ id: "openclaw-ios", mode: "ui", platform: "ios", displayName: " Ada's phone " })).toBe(
      "Ada's phone",
    );
    expect(deviceName({ id: "openclaw-ios", mode: "ui", platform: "ios", displayName: "  " })).toBe(
      "iPhone or iPad app",
    );
    expect(deviceName({ id: "openclaw-fridge", mode: "ui", platform: "rtos" })).toBe("openclaw-fridge");
  });

  it("is not repeated among its facts", () => {
    expect(deviceFacts({ id: "cli", mode: "cli", platform: "linux", version: "2026.9.6" })).toBe("linux · 2026.9.6");
    expect(deviceFacts({ id: "cli", mode: "cli", platform: "linux", displayName: "attic" })).toBe(
      "Command line · linux",
    );
  });
});

describe("what an approval would allow", () => {
  it("puts the powerful first and leaves out nothing, known or not", () => {
    const asked = ["operator.read", "operator.admin", "operator.teleport"];
    expect(permissions("operator", asked).map(({ scope, powerful }) => [scope, powerful])).toEqual([
      ["operator.admin", true],
      ["operator.read", false],
      ["operator.teleport", false],
    ]);
    expect(permissions("operator", asked).find(({ scope }) => scope === "operator.teleport")?.words).toBe(
      "operator.teleport",
    );
  });

  it("says of a node that it runs commands, though it asks for no scope", () => {
    expect(permissions("node", [])).toHaveLength(1);
  });
});

describe("requests that wait", () => {
  it("are those still open, the one that runs out next on top, those without an end last", () => {
    const lists = {
      pending: [request("late", 900), request("over", 100), request("soon", 300), request("kept", NO_EXPIRY)],
      paired: [],
    };
    expect(openRequests(lists, 100).map(({ requestId }) => requestId)).toEqual(["soon", "late", "kept"]);
    expect(lists.pending.filter((entry) => !runsOut(entry)).map(({ requestId }) => requestId)).toEqual(["kept"]);
  });
});
