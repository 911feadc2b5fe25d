import { describe, expect, it } from "vitest";
import { clientAddress, shownClientAddress, toldClientAddress, trustedProxies } from "./clientAddress.ts";

describe("where a device is", () => {
  const none = trustedProxies([]);
  const front = trustedProxies(["10.0.0.0/8", "fd00::/8"]);

  it.each([
    // peer, X-Forwarded-For, trusted, address
    ["203.0.113.9", undefined, none, "203.0.113.9"],
    ["203.0.113.9", "198.51.100.1", none, "203.0.113.9"],
    ["203.0.113.9", "198.51.100.1", front, "203.0.113.9"],
    ["10.0.0.1", "198.51.100.1", front, "198.51.100.1"],
    ["::ffff:10.0.0.1", "127.0.0.1, 198.51.100.1", front, "198.51.100.1"],
    ["10.0.0.1", "198.51.100.1, 10.0.0.2", front, "198.51.100.1"],
    ["10.0.0.1", "not an address", front, "10.0.0.1"],
    ["10.0.0.1", undefined, front, "10.0.0.1"],
    ["fd00::1", "2001:db8::7", front, "2001:db8::7"],
  ])("seen from %s with %s", (peer, forwardedFor, trusted, address) => {
    expect(clientAddress(peer, forwardedFor, trusted)).toBe(address);
  });

  it.each(["127.0.0.1", "127.8.8.8", "::1", "", "nonsense"])(
    "is never told as the gateway's own machine (%s)",
    (address) => {
      const told = toldClientAddress(address);
      expect(told).toBe("192.0.2.1");
      expect(shownClientAddress(told)).toBe("127.0.0.1");
    },
  );

  it("is otherwise told and shown as it is", () => {
    expect(toldClientAddress("198.51.100.1")).toBe("198.51.100.1");
    expect(shownClientAddress("198.51.100.1")).toBe("198.51.100.1");
  });

  it.each(["10.0.0.0/33", "10.0.0", "x/8", "10.0.0.0/8/8", "10.0.0.0/-1"])(
    "refuses %s as a list of proxies",
    (entry) => {
      expect(() => trustedProxies([entry])).toThrow(entry);
    },
  );
});
