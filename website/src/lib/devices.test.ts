import { describe, expect, it } from "vitest";
import { newestDevices } from "./devices.ts";

const lists = (name: string) => ({
  pending: [],
  paired: [
    {
      deviceId: name,
      client: { id: "cli", mode: "cli", platform: "linux" },
      role: "operator",
      scopes: [],
      pairedAt: 0,
      connected: false,
    },
  ],
});
const live = (at: number) => ({ observed_at: at + 5, gateway: null, devices: lists("live"), devices_observed_at: at });

describe("the device lists a page shows", () => {
  it("are the newer of the live copy and the gateway's own answer", () => {
    expect(newestDevices(live(10), { observed_at: 20, data: lists("asked") })?.lists.paired[0]?.deviceId).toBe("asked");
    expect(newestDevices(live(30), { observed_at: 20, data: lists("asked") })?.lists.paired[0]?.deviceId).toBe("live");
  });

  it("are dated by when the devices were seen, not by when the gateway was", () => {
    expect(newestDevices(live(10), undefined)?.at).toBe(10);
  });

  it("are not there while nobody has told", () => {
    expect(newestDevices(null, undefined)).toBeNull();
    expect(
      newestDevices({ observed_at: 1, gateway: null, devices: null, devices_observed_at: null }, undefined),
    ).toBeNull();
  });
});
