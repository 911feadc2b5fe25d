import { describe, expect, it } from "vitest";
import { gatewayPlace, instanceOfHost } from "./context.ts";

const at = (publicUrl: string, gatewayDomain?: string) => ({
  internal: "http://10.0.0.1:8788",
  public: publicUrl,
  gatewayDomain,
});

describe("where a gateway is reached", () => {
  it("is a path of the public origin, under both names of a person's own machine", () => {
    expect(gatewayPlace(at("http://127.0.0.1:8788"), "adaadaada")).toEqual({
      origins: ["http://127.0.0.1:8788", "http://localhost:8788"],
      basePath: "/i/adaadaada/gateway",
      url: "ws://127.0.0.1:8788/i/adaadaada/gateway",
    });
    expect(gatewayPlace(at("https://runtime.example"), "adaadaada")).toMatchObject({
      origins: ["https://runtime.example"],
      url: "wss://runtime.example/i/adaadaada/gateway",
    });
  });

  it("is an origin of its own with a gateway domain", () => {
    expect(gatewayPlace(at("https://runtime.example", "gw.example:8443"), "adaadaada")).toEqual({
      origins: ["https://adaadaada.gw.example:8443"],
      basePath: "",
      url: "wss://adaadaada.gw.example:8443",
    });
  });

  it.each([
    ["adaadaada.gw.example", "adaadaada"],
    ["AdaAdaAda.GW.example", "adaadaada"],
    ["gw.example", null],
    ["runtime.example", null],
    ["adaadaada.gw.example.evil", null],
    [undefined, null],
  ])("is found by the Host header %s", (host, id) => {
    expect(instanceOfHost(at("https://runtime.example", "gw.example"), host)).toBe(id);
    expect(instanceOfHost(at("https://runtime.example"), host)).toBeNull();
  });
});
