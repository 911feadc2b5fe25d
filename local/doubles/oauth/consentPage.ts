import { html } from "hono/html";
import type { Html } from "../kit/page.ts";
import { PRESET_PEOPLE } from "./people.ts";

/**
 * The choice a person makes: who to be, or not to sign in. Its forms post `person`, or `email` (with `verified`), or
 * `decision=deny`, beside the given hidden fields.
 */
export function consentBody(options: {
  app: string;
  scopes: readonly string[];
  action: string;
  hidden: Readonly<Record<string, string>>;
}): Html {
  const hidden = Object.entries(options.hidden).map(
    ([name, value]) => html`<input type="hidden" name="${name}" value="${value}" />`,
  );
  return html`<p>
      <strong>${options.app}</strong> asks to sign you
      in${options.scopes.length === 0 ? "" : html` and to read: <code>${options.scopes.join(" ")}</code>`}.
    </p>
    <form method="post" action="${options.action}">
      ${hidden}
      <fieldset>
        <legend>Sign in as</legend>
        ${PRESET_PEOPLE.map(
          (person) =>
            html`<p>
              <button name="person" value="${person.key}">${person.login}<small>${person.about}</small></button>
            </p>`,
        )}
      </fieldset>
    </form>
    <form method="post" action="${options.action}">
      ${hidden}
      <fieldset>
        <legend>Or as anyone else</legend>
        <p>
          <label>E-mail <input type="email" name="email" required autocomplete="off" /></label>
        </p>
        <p>
          <label><input type="checkbox" name="verified" value="yes" checked /> The provider has verified it</label>
        </p>
        <button>Sign in with this e-mail</button>
      </fieldset>
    </form>
    <form method="post" action="${options.action}">
      ${hidden}
      <button name="decision" value="deny">Cancel</button>
    </form>`;
}
