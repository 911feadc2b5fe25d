import { describe, expect, it } from "vitest";
import { redact } from "./redact.ts";

describe("redacting a log line", () => {
  it("masks the instance's own secrets wherever they stand", () => {
    expect(redact("token is hunter2hunter2, again:hunter2hunter2!", ["hunter2hunter2"])).toBe(
      "token is [redacted], again:[redacted]!",
    );
  });

  it.each([
    ["Authorization: Bearer abcdef0123456789", "abcdef0123456789"],
    ["using sk-prov-AbCdEf0123456789 for models", "AbCdEf0123456789"],
    ["sk-proj-abc_def-0123456789abcdef failed", "0123456789abcdef"],
    ["oc_svc_0123456789abcdefghijklmnopqrstuvwxyz0123456789", "0123456789abcdef"],
    ["telegram 123456789:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw1", "AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw1"],
    ["slack xoxb-1234567890-abcdefghij", "1234567890-abcdefghij"],
    ["push ghp_0123456789abcdefghijABCDEFGHIJ", "0123456789abcdefghij"],
    ["id AKIAIOSFODNN7EXAMPLE", "IOSFODNN7EXAMPLE"],
    ["jwt eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl end", "eyJzdWIiOiIxIn0"],
    ['{"password":"correct horse"}', "correct"],
    ["GET /x?api_key=0123456789 200", "0123456789"],
    ["postgres://user:p4ssw0rd@db/x", "p4ssw0rd"],
    ["-----BEGIN PRIVATE KEY-----\nMIIEvQ\n-----END PRIVATE KEY-----", "MIIEvQ"],
    ["-----BEGIN EC PRIVATE KEY-----\ncut off MIIEvQ", "MIIEvQ"],
    ["whsec_0123456789abcdef", "0123456789abcdef"],
  ])("masks the secret in %s", (line, secret) => {
    const shown = redact(line, []);
    expect(shown).not.toContain(secret);
    expect(shown).toContain("[redacted]");
  });

  it("keeps which kind of key a line spoke of", () => {
    expect(redact("key sk-ant-0123456789abcdef is invalid", [])).toBe("key sk-ant-[redacted] is invalid");
  });

  it.each([
    "gateway ready",
    "http server listening (2 plugins: device-pair, memory-core; 3.1s)",
    "device 7c2417d2cf1d796e12162f2234d4f7d1b1e5e5c46afbe3169a7e6c64588db8ae paired",
    "gateway.auth.token is active",
    "task-skipping and desk-side words",
  ])("leaves %s as it is", (line) => expect(redact(line, ["short"])).toBe(line));
});
