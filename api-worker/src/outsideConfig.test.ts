import { describe, expect, it } from "vitest";
import { readEnvironment } from "./env.ts";
import { outsideConfig } from "./outsideConfig.ts";

const KEY = "0123456789abcdef";
const base = {
  CONVEX_URL: "https://convex.example.com",
  CONVEX_SITE_URL: "https://convex.example.com",
  OA_CONTROL_KEY: KEY,
  OA_INTERNAL_KEY: KEY,
  OA_CONVEX_JWT_PRIVATE_KEY: '{"kty":"EC"}',
  OA_CONVEX_JWT_ISSUER: "https://issuer.example.com",
  OA_PUBLIC_URL: "https://app.example.com",
};

function read(variables: Record<string, string>) {
  const environment = readEnvironment({ ...base, ...variables });
  if (!environment.ok) throw new Error(JSON.stringify(environment.problems));
  const result = outsideConfig(environment.env);
  return "problems" in result ? result.problems.map(({ variable }) => variable) : result.config;
}

const LIVE = { GITHUB_CLIENT_ID: "Ov23liExampleExample", GITHUB_CLIENT_SECRET: "0".repeat(40) };
const DOUBLE = { GITHUB_CLIENT_ID: "double_client", GITHUB_CLIENT_SECRET: "double_secret" };
const DOUBLE_URL = { GITHUB_BASE_URL: "http://127.0.0.1:3230" };

describe("services outside", () => {
  it("are none where none is configured", () => {
    expect(read({})).toMatchObject({ github: null, google: null, mail: null });
  });

  it("are the real one with real credentials, and a double with a double's", () => {
    expect(read(LIVE)).toMatchObject({ github: { base: null } });
    expect(read({ ...DOUBLE, ...DOUBLE_URL })).toMatchObject({ github: { base: "http://127.0.0.1:3230" } });
  });

  it("a real credential and a double's address refuse each other, whichever it is", () => {
    expect(read({ ...LIVE, ...DOUBLE_URL })).toEqual(["GITHUB_CLIENT_ID", "GITHUB_CLIENT_SECRET"]);
    expect(read({ ...DOUBLE, ...DOUBLE_URL, GITHUB_CLIENT_SECRET: "0".repeat(40) })).toEqual(["GITHUB_CLIENT_SECRET"]);
    const mail = { OA_MAIL_URL: "http://127.0.0.1:3232", OA_MAIL_FROM: "a@example.com" };
    expect(read({ ...mail, OA_MAIL_API_KEY: "re_live" })).toEqual(["OA_MAIL_API_KEY"]);
  });

  it("a double's credential is not sent into the world", () => {
    expect(read(DOUBLE)).toEqual(["GITHUB_CLIENT_ID", "GITHUB_CLIENT_SECRET"]);
    const mail = { OA_MAIL_URL: "https://api.resend.com", OA_MAIL_FROM: "a@example.com" };
    expect(read({ ...mail, OA_MAIL_API_KEY: "double_key" })).toEqual(["OA_MAIL_API_KEY"]);
  });

  it("a double is on this machine, or is none", () => {
    expect(read({ ...DOUBLE, GITHUB_BASE_URL: "https://github.example.com" })).toContain("GITHUB_BASE_URL");
  });

  it("half a configuration names the other half", () => {
    expect(read({ GOOGLE_CLIENT_ID: "id" })).toEqual(["GOOGLE_CLIENT_SECRET"]);
    expect(read({ OA_MAIL_URL: "https://api.resend.com" })).toEqual(["OA_MAIL_API_KEY", "OA_MAIL_FROM"]);
    expect(read({ ...LIVE, OA_PUBLIC_URL: "" })).toEqual(["OA_PUBLIC_URL"]);
  });
});
