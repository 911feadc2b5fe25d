import * as oauth from "oauth4webapi";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import * as z from "zod";
import type { Double } from "../kit/double.ts";
import { choose, Clock } from "../testing/person.ts";
import { startGithubDouble } from "./github.ts";

const callback = ["http://127.0.0.1:8787/callback"] as const;
const cli = { clientId: "double_cli", clientSecret: "double_s", name: "openclaw-token", redirectUris: callback };
const other = { ...cli, clientId: "double_other" };
const off = { ...cli, clientId: "double_off", deviceFlow: false };

let clock: Clock;
let github: Double;
beforeEach(async () => {
  clock = new Clock();
  github = await startGithubDouble({ port: 0, clients: [cli, other, off], now: clock.now });
});
afterEach(() => github.close());

const Started = z.object({
  device_code: z.string().length(40),
  user_code: z.string().regex(/^[A-Z]{4}-[A-Z]{4}$/),
  verification_uri: z.url(),
  expires_in: z.literal(900),
  interval: z.literal(5),
});

const post = async (path: string, fields: Record<string, string>): Promise<unknown> => {
  const response = await fetch(`${github.url}${path}`, {
    method: "POST",
    headers: { accept: "application/json" },
    body: new URLSearchParams(fields),
  });
  return response.json();
};

const start = async (): Promise<z.infer<typeof Started>> =>
  Started.parse(await post("/login/device/code", { client_id: cli.clientId, scope: "user:email" }));

const poll = (deviceCode: string, clientId = cli.clientId): Promise<unknown> =>
  post("/login/oauth/access_token", {
    client_id: clientId,
    device_code: deviceCode,
    grant_type: "urn:ietf:params:oauth:grant-type:device_code",
  });

const confirmation = (userCode: string): string =>
  `${github.url}/login/device/confirmation?user_code=${encodeURIComponent(userCode)}`;

describe("a terminal signs in through GitHub's device flow", () => {
  it("waits, the person types the code in any spelling and approves, the next poll has the token", async () => {
    const device = await start();
    expect(device.verification_uri).toBe(`${github.url}/login/device`);
    expect(await poll(device.device_code)).toMatchObject({ error: "authorization_pending" });
    const typed = device.user_code.toLowerCase().replace("-", " ");
    const { page } = await choose(confirmation(typed), { person: "several" });
    expect(page).toContain("connected as several-person");
    clock.pass(5);
    const answer = await poll(device.device_code);
    expect(answer).toMatchObject({ token_type: "bearer", scope: "user:email" });
    const { access_token } = z.object({ access_token: z.string() }).parse(answer);
    const headers = { authorization: `Bearer ${access_token}`, "user-agent": "test" };
    expect(await (await fetch(`${github.url}/user`, { headers })).json()).toMatchObject({ login: "several-person" });
  });

  it("works with a real OAuth client", async () => {
    const server = {
      issuer: github.url,
      device_authorization_endpoint: `${github.url}/login/device/code`,
      token_endpoint: `${github.url}/login/oauth/access_token`,
    };
    const app = { client_id: cli.clientId };
    const insecure = { [oauth.allowInsecureRequests]: true };
    const asked = await oauth.deviceAuthorizationRequest(server, app, oauth.None(), new URLSearchParams(), insecure);
    const device = await oauth.processDeviceAuthorizationResponse(server, app, asked);
    await choose(confirmation(device.user_code), { email: "someone@example.com", verified: "yes" });
    const polled = await oauth.deviceCodeGrantRequest(server, app, oauth.None(), device.device_code, insecure);
    const tokens = await oauth.processDeviceCodeResponse(server, app, polled);
    expect(tokens.access_token).toMatch(/^double_gho_/);
  });

  it("is told to slow down when it polls too early, each time by five seconds more", async () => {
    const { device_code } = await start();
    await poll(device_code);
    clock.pass(4);
    expect(await poll(device_code)).toMatchObject({ error: "slow_down", interval: 10 });
    clock.pass(9);
    expect(await poll(device_code)).toMatchObject({ error: "slow_down", interval: 15 });
    clock.pass(15);
    expect(await poll(device_code)).toMatchObject({ error: "authorization_pending" });
  });

  it("learns that the person declined", async () => {
    const device = await start();
    const { page } = await choose(confirmation(device.user_code), { decision: "deny" });
    expect(page).toContain("was not connected");
    expect(await poll(device.device_code)).toMatchObject({ error: "access_denied" });
  });

  it("learns that its fifteen minutes are over, and the person too", async () => {
    const device = await start();
    clock.pass(900);
    expect(await poll(device.device_code)).toMatchObject({ error: "expired_token" });
    expect((await choose(confirmation(device.user_code), { person: "verified" })).status).toBe(400);
  });

  it("gets its token once", async () => {
    const device = await start();
    await choose(confirmation(device.user_code), { person: "verified" });
    expect(await poll(device.device_code)).toHaveProperty("access_token");
    expect(await poll(device.device_code)).toMatchObject({ error: "incorrect_device_code" });
  });

  it("cannot use another application's or an invented device code, and another's poll takes nothing away", async () => {
    const device = await start();
    await choose(confirmation(device.user_code), { person: "verified" });
    expect(await poll(device.device_code, other.clientId)).toMatchObject({ error: "incorrect_device_code" });
    expect(await poll("0".repeat(40))).toMatchObject({ error: "incorrect_device_code" });
    expect(await poll(device.device_code)).toHaveProperty("access_token");
  });

  it("is refused where the flow is off, the grant type is wrong or the application is unknown", async () => {
    expect(await post("/login/device/code", { client_id: off.clientId })).toMatchObject({
      error: "device_flow_disabled",
    });
    const { device_code } = await start();
    const wrong = { client_id: cli.clientId, device_code, grant_type: "device" };
    expect(await post("/login/oauth/access_token", wrong)).toMatchObject({ error: "unsupported_grant_type" });
    const unknown = await fetch(`${github.url}/login/device/code`, {
      method: "POST",
      body: new URLSearchParams({ client_id: "Ov23liABCDEFGHIJKLMN" }),
    });
    expect(unknown.status).toBe(404);
    expect(await unknown.text()).toContain("must not be sent here");
  });
});

describe("a script on this machine", () => {
  const decide = (body: object): Promise<Response> =>
    fetch(`${github.url}/double/device`, { method: "POST", body: JSON.stringify(body) });

  it("approves and denies without a browser", async () => {
    const approved = await start();
    expect((await decide({ user_code: approved.user_code, decision: "approve", person: "a@b.test" })).status).toBe(200);
    expect(await poll(approved.device_code)).toHaveProperty("access_token");
    const denied = await start();
    await decide({ user_code: denied.user_code, decision: "deny" });
    expect(await poll(denied.device_code)).toMatchObject({ error: "access_denied" });
  });

  it("is told what is wrong", async () => {
    const { user_code } = await start();
    expect((await decide({ user_code: "NONE-NONE", decision: "approve" })).status).toBe(404);
    expect((await decide({ user_code, decision: "maybe" })).status).toBe(400);
    expect((await decide({ user_code, decision: "approve", person: "nobody" })).status).toBe(400);
  });
});
