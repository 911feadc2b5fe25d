import { Hono } from "hono";
import { html } from "hono/html";
import * as z from "zod";
import type { DoubleEnv } from "../kit/env.ts";
import { page } from "../kit/page.ts";
import type { OAuthClient } from "../oauth/clients.ts";
import { consentBody } from "../oauth/consentPage.ts";
import { problemPage, readChoice, readForm } from "../oauth/oauth.ts";
import { findPerson } from "../oauth/people.ts";
import type { DeviceFlow } from "./device.ts";

const CONTINUE_PATH = "/login/device/confirmation";
const UNKNOWN_CODE = "No device waits with this code. Codes work once and for 15 minutes.";

/** The verification pages: type the code, then choose who to be or decline. */
export function devicePages(flow: DeviceFlow, clients: readonly OAuthClient[]): Hono<DoubleEnv> {
  const app = new Hono<DoubleEnv>();
  app.get("/login/device", (c) => {
    const body = html`<form method="get" action="${CONTINUE_PATH}">
      <p>
        <label
          >Code shown on the device
          <input
            type="text"
            name="user_code"
            value="${c.req.query("user_code") ?? ""}"
            required
            autocomplete="off"
            maxlength="20"
        /></label>
      </p>
      <button>Continue</button>
    </form>`;
    return c.html(page({ title: "Connect a device", double: "GitHub", body }));
  });
  app.get(CONTINUE_PATH, (c) => {
    const request = flow.findByUserCode(c.req.query("user_code") ?? "");
    if (request === null) return problemPage(c, "GitHub", UNKNOWN_CODE);
    const client = clients.find((known) => known.clientId === request.clientId);
    const body = consentBody({
      app: client?.name ?? request.clientId,
      scopes: request.scopes,
      action: CONTINUE_PATH,
      hidden: { user_code: request.userCode },
    });
    return c.html(page({ title: "Authorize the device", double: "GitHub", body }));
  });
  app.post(CONTINUE_PATH, async (c) => {
    const form = await readForm(c);
    const request = flow.findByUserCode(form.get("user_code") ?? "");
    if (request === null) return problemPage(c, "GitHub", UNKNOWN_CODE);
    const choice = readChoice(form);
    if (choice === null) return problemPage(c, "GitHub", "That is not an e-mail address.");
    flow.decide(request, choice);
    const body =
      choice === "deny"
        ? html`<p>The device was not connected.</p>`
        : html`<p>The device is connected as ${choice.login}. You can close this page.</p>`;
    return c.html(page({ title: choice === "deny" ? "Declined" : "Connected", double: "GitHub", body }));
  });
  return app;
}

/** What `POST /double/device` takes: a decision without a browser. */
const Decision = z.strictObject({
  user_code: z.string(),
  decision: z.enum(["approve", "deny"]),
  /** A preset's key or any e-mail address. */
  person: z.string().default("verified"),
  /** For an e-mail address: whether GitHub has verified it. */
  verified: z.boolean().default(true),
});

/** `POST /double/device`, for tests and scripts on this machine. */
export function deviceControl(flow: DeviceFlow): Hono<DoubleEnv> {
  const app = new Hono<DoubleEnv>();
  app.post("/device", async (c) => {
    const parsed = Decision.safeParse(await c.req.json().catch(() => null));
    if (!parsed.success) return c.json({ error: z.prettifyError(parsed.error) }, 400);
    const { user_code, decision, person, verified } = parsed.data;
    const request = flow.findByUserCode(user_code);
    if (request === null) return c.json({ error: UNKNOWN_CODE }, 404);
    const choice = decision === "deny" ? "deny" : findPerson(person, verified);
    if (choice === null) return c.json({ error: "person: neither a preset nor an e-mail address" }, 400);
    flow.decide(request, choice);
    return c.json({ decided: decision });
  });
  return app;
}
