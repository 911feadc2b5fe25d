import { html } from "hono/html";
import { createDoubleApp, type Double, listen, type PortOption } from "../kit/double.ts";
import { checkClients } from "../oauth/clients.ts";
import { GrantStore } from "../oauth/grants.ts";
import { showConsent, takeConsent, type WebFlow } from "../oauth/oauth.ts";
import { githubApi, githubError } from "./api.ts";
import { DeviceFlow, type DeviceLimits, GITHUB_DEVICE_LIMITS } from "./device.ts";
import { deviceControl, devicePages } from "./devicePages.ts";
import { accessToken, deviceCode, type GithubClient } from "./token.ts";

export interface GithubDoubleOptions extends PortOption {
  clients: readonly GithubClient[];
  device?: DeviceLimits;
  /** Milliseconds since 1970; tests hand in a clock they can move. */
  now?: () => number;
}

const AUTHORIZE_PATH = "/login/oauth/authorize";

/**
 * A double of GitHub's sign-in: web flow, device flow (RFC 8628) and the two REST calls behind them, all at one address.
 * Throws an Error with a sentence when a client's id or secret is not a double's.
 */
export async function startGithubDouble(options: GithubDoubleOptions): Promise<Double> {
  const { clients, now = Date.now } = options;
  checkClients(clients, "GitHub");
  const grants = new GrantStore(now);
  const device = new DeviceFlow(options.device ?? GITHUB_DEVICE_LIMITS, now);
  const webFlow: WebFlow = {
    provider: "GitHub",
    path: AUTHORIZE_PATH,
    clients,
    grants,
    redirectUriRequired: false,
    responseTypeRequired: false,
    deniedDescription: "The user has denied your application access.",
  };
  const app = createDoubleApp({
    name: "github",
    standsFor: "GitHub",
    errorAnswer: githubError,
    home: () =>
      html`<p>Sign-in for: ${clients.map((client) => client.name).join(", ")}.</p>
        <p><a href="/login/device">Connect a device</a></p>`,
  });
  app.get(AUTHORIZE_PATH, (c) => showConsent(c, webFlow));
  app.post(AUTHORIZE_PATH, (c) => takeConsent(c, webFlow));
  app.post("/login/oauth/access_token", (c) => accessToken(c, { clients, grants, device }));
  app.post("/login/device/code", (c) => deviceCode(c, device, clients));
  app.route("/", devicePages(device, clients));
  app.route("/double", deviceControl(device));
  app.route("/", githubApi(grants));
  return listen("github", app, options);
}
