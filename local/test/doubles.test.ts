import { describe, expect, it } from "vitest";
import { doubleAddresses, doublesFor, doubleSettings } from "../src/doubles.ts";

const PORTS = { api: 1, convex: 2, convexSite: 3, runtimeHost: 4, github: 5, google: 6, mail: 7, upstream: 8 };

describe("doubles of a local stack", () => {
  it("stand in for whatever is not configured, and for nothing else", () => {
    expect(doublesFor({})).toEqual(["github", "google", "mail", "upstream"]);
    expect(doublesFor({ GITHUB_CLIENT_ID: "id", OA_MAIL_URL: "" })).toEqual(["google", "mail", "upstream"]);
    const all = { GITHUB_CLIENT_SECRET: "s", GOOGLE_CLIENT_ID: "id", OA_MAIL_API_KEY: "re_x" };
    expect(doublesFor({ ...all, INFERENCE_ENDPOINT: "https://models.example/v1" })).toEqual([]);
  });

  it("the API is pointed to those that run, with credentials that no real service has given out", () => {
    const names = doublesFor({ GOOGLE_CLIENT_ID: "id" });
    const settings = doubleSettings(names, PORTS);
    expect(settings).toMatchObject({
      OA_DOUBLES: "github,mail,upstream",
      GITHUB_BASE_URL: "http://127.0.0.1:5",
      OA_MAIL_URL: "http://127.0.0.1:7",
      INFERENCE_ENDPOINT: "http://127.0.0.1:8/v1",
    });
    expect(Object.keys(settings).filter((name) => name.startsWith("GOOGLE"))).toEqual([]);
    for (const name of ["GITHUB_CLIENT_ID", "GITHUB_CLIENT_SECRET", "OA_MAIL_API_KEY", "INFERENCE_API_KEY"]) {
      expect(settings[name]).toMatch(/^double_/);
    }
    expect(doubleAddresses(names, PORTS)).toEqual({
      github: "http://127.0.0.1:5",
      mail: "http://127.0.0.1:7",
      upstream: "http://127.0.0.1:8",
    });
  });
});
