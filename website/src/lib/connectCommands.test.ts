import { describe, expect, it } from "vitest";
import { connectCommands, shellQuote } from "./connectCommands.ts";

describe("the commands that connect a device", () => {
  it("carry address, path and token of a gateway behind TLS", () => {
    const commands = connectCommands({ url: "wss://claw.example.com/i/abc/gateway", token: "t0ken-with_16_chars" });
    expect(commands.chat).toBe("openclaw tui --url wss://claw.example.com/i/abc/gateway --token t0ken-with_16_chars");
    expect(commands.node).toBe(
      "OPENCLAW_GATEWAY_TOKEN=t0ken-with_16_chars openclaw node run --host claw.example.com --port 443 --context-path /i/abc/gateway --tls",
    );
  });

  it("carry port and no TLS of one on this machine", () => {
    const commands = connectCommands({ url: "ws://127.0.0.1:8788/i/abc/gateway", token: "t0ken-with_16_chars" });
    expect(commands.node).toContain("--host 127.0.0.1 --port 8788 --context-path /i/abc/gateway --no-tls");
  });

  it("never put the token into the address of a page", () => {
    const { controlUi } = connectCommands({
      url: "wss://claw.example.com/i/abc/gateway",
      token: "t0ken-with_16_chars",
    });
    expect(controlUi).toBe("https://claw.example.com/i/abc/gateway/");
  });

  it("refuse an address that is no WebSocket's", () => {
    expect(() => connectCommands({ url: "javascript:alert(1)", token: "t0ken-with_16_chars" })).toThrow(TypeError);
  });

  it("quote what a shell would take apart", () => {
    expect(shellQuote("a'b $(rm)")).toBe(String.raw`'a'\''b $(rm)'`);
    expect(shellQuote("")).toBe("''");
  });
});
