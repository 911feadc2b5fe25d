import { describe, expect, it } from "vitest";
import { errorBodyOf } from "./errors.ts";
import { runtimePlaceOf } from "./runtimeUrl.ts";

function place(text: string, field: "runtime_url" | "gateway_url" = "runtime_url"): string {
  try {
    return runtimePlaceOf(field, text);
  } catch (error) {
    return errorBodyOf(error)?.code ?? "thrown";
  }
}

describe("addresses that may be dialled with a secret (R7)", () => {
  it.each([
    ["https://runtime.example.com/i/abc", "https://runtime.example.com/i/abc"],
    ["https://runtime.example.com/i/abc/", "https://runtime.example.com/i/abc"],
    ["https://RUNTIME.example.com:443/i/abc", "https://runtime.example.com/i/abc"],
    ["http://127.0.0.1:8787/i/abc", "http://127.0.0.1:8787/i/abc"],
    ["http://2130706433:8787/i/abc", "http://127.0.0.1:8787/i/abc"],
    ["http://localhost:8787", "http://localhost:8787"],
    ["http://[::1]:8787/", "http://[::1]:8787"],
    ["http://runtime-host:8787/i/abc", "http://runtime-host:8787/i/abc"],
    ["http://10.1.2.3:8787", "http://10.1.2.3:8787"],
    ["http://172.16.0.1:8787", "http://172.16.0.1:8787"],
    ["http://192.168.1.10:8787", "http://192.168.1.10:8787"],
    ["http://runtime.internal:8787", "http://runtime.internal:8787"],
  ])("%s is the place %s", (text, expected) => {
    expect(place(text)).toBe(expected);
  });

  it.each([
    ["plain http to the world", "http://runtime.example.com/i/abc"],
    ["plain http to a public address", "http://203.0.113.7:8787"],
    ["plain http to what is not quite private", "http://172.32.0.1:8787"],
    ["a cloud's metadata", "http://169.254.169.254/latest/meta-data"],
    ["the same over https", "https://169.254.169.254/"],
    ["the same in decimal", "https://2852039166/"],
    ["the same in hexadecimal", "https://0xa9fea9fe/"],
    ["the same mapped into IPv6", "https://[::ffff:169.254.169.254]/"],
    ["link-local IPv6", "https://[fe80::1]/"],
    ["metadata over IPv6", "https://[fd00:ec2::254]/"],
    ["metadata by name", "http://metadata.google.internal/"],
    ["every address at once", "http://0.0.0.0:8787"],
    ["user and password", "https://user:pass@runtime.example.com/"],
    ["a host behind an at sign", "https://runtime.example.com@169.254.169.254/"],
    ["a query", "https://runtime.example.com/?user=1"],
    ["an empty query", "https://runtime.example.com/?"],
    ["a fragment", "https://runtime.example.com/#x"],
    ["a script", "javascript:alert(1)"],
    ["a file", "file:///etc/passwd"],
    ["no address at all", "runtime.example.com"],
    ["nothing", ""],
  ])("%s is refused", (_name, text) => {
    expect(place(text)).toBe("invalid_request");
    expect(place(text, "gateway_url")).toBe("invalid_request");
  });

  it("a gateway is reached by WebSocket too, encrypted outside of private networks", () => {
    expect(place("wss://runtime.example.com/i/abc/gateway", "gateway_url")).toBe(
      "wss://runtime.example.com/i/abc/gateway",
    );
    expect(place("ws://127.0.0.1:8787/i/abc/gateway", "gateway_url")).toBe("ws://127.0.0.1:8787/i/abc/gateway");
    expect(place("ws://runtime.example.com/", "gateway_url")).toBe("invalid_request");
  });
});
