import { html } from "hono/html";
import type { Html } from "../kit/page.ts";
import { linksInText, type Mail } from "./mail.ts";

/** The list of mails, newest first. */
export function listBody(mails: readonly Mail[]): Html {
  if (mails.length === 0) {
    return html`<p>No mail has been sent yet. Ask for a password reset, for example, and load this page again.</p>`;
  }
  return html`<ul>
    ${mails.map(
      (mail) =>
        html`<li>
          <a href="/outbox/${mail.id}">${mail.subject}</a><br />
          to ${mail.to.join(", ")}, <time datetime="${iso(mail.at)}">${iso(mail.at)}</time>
        </li>`,
    )}
  </ul>`;
}

/** One mail: its head, its text with links, and its HTML in a frame that can run nothing. */
export function mailBody(mail: Mail): Html {
  return html`<p><a href="/outbox">All mail</a></p>
    <p>
      From ${mail.from}<br />
      To ${mail.to.join(", ")}<br />
      <time datetime="${iso(mail.at)}">${iso(mail.at)}</time>
    </p>
    ${mail.text === null ? "" : html`<pre>${withLinks(mail.text)}</pre>`}
    ${
      mail.html === null
        ? ""
        : html`<iframe
            title="The mail"
            sandbox="allow-popups allow-popups-to-escape-sandbox"
            srcdoc="${framed(mail.html)}"
          >
          </iframe>`
    }
    ${
      mail.links.length === 0
        ? ""
        : html`<h2>Links</h2>
            <ul>
              ${mail.links.map((link) => html`<li><a href="${link}">${link}</a></li>`)}
            </ul>`
    }`;
}

/** Links of the mail open beside the page: a frame must not swallow the application. */
function framed(mail: string): string {
  return `<base target="_blank" />${mail}`;
}

/** A text whose web addresses are links. */
function withLinks(text: string): Html[] {
  const parts: Html[] = [];
  let rest = text;
  for (const link of linksInText(text)) {
    const at = rest.indexOf(link);
    parts.push(html`${rest.slice(0, at)}<a href="${link}">${link}</a>`);
    rest = rest.slice(at + link.length);
  }
  return [...parts, html`${rest}`];
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}
