import { html } from "hono/html";
import * as z from "zod";
import type { Route } from "../route.ts";
import { codeIn, wireOf } from "../wire.ts";
import { operationId } from "./document.ts";

const GATE_WORDS: Record<Route["gate"], string> = {
  none: "open to all",
  actor: "session cookie, or X-OA-Internal-Key with X-OA-User-Id",
  session: "session cookie",
  internal: "X-OA-Internal-Key",
  fleet: "x-oa-fleet-key",
  admin: "session cookie of an administrator",
  open: "open to all, from anywhere; no cookie is read",
  editor: "Authorization: Bearer <JWT>",
  management: "Authorization: Bearer sk-mgmt-…",
  spender: "Authorization: Bearer sk-prov-… or <JWT>",
};

/** The route table as one page: no script, nothing fetched from elsewhere, so it works offline and under any policy. */
export function docsPage(routes: readonly Route[]) {
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>Managed OpenClaw API</title>
        <style>
          :root {
            color-scheme: light dark;
            font:
              16px/1.5 system-ui,
              sans-serif;
          }
          body {
            max-width: 60rem;
            margin: 0 auto;
            padding: 1.5rem 1rem 4rem;
          }
          article {
            border-top: 1px solid color-mix(in srgb, currentColor 20%, transparent);
            padding: 0.75rem 0;
          }
          h2 {
            font-size: 1rem;
            margin: 0;
            overflow-wrap: anywhere;
          }
          p {
            margin: 0.25rem 0;
          }
          pre {
            overflow-x: auto;
            padding: 0.75rem;
            background: color-mix(in srgb, currentColor 7%, transparent);
            border-radius: 6px;
          }
          code {
            font-size: 0.9em;
          }
          .gate {
            opacity: 0.75;
            font-size: 0.9em;
          }
        </style>
      </head>
      <body>
        <h1>Managed OpenClaw API</h1>
        <p>
          The same as a document for tools: <a href="/openapi.json">/openapi.json</a>. Answers are
          <code>{ ok: true, data }</code> or <code>{ ok: false, error: { code, message, details? } }</code>, and carry
          <code>x-request-id</code>.
        </p>
        ${routes.map(section)}
      </body>
    </html>`;
}

function section({ method, path, summary, gate, input, answer, status, errors, codeNames }: Route) {
  const wire = wireOf(path);
  return html`<article id="${operationId(method, path)}">
    <h2><code>${method} ${path}</code></h2>
    <p>${summary}</p>
    <p class="gate">${GATE_WORDS[gate]}</p>
    ${input.query === undefined ? "" : schemaOf("Query", input.query, "input")}
    ${input.body === undefined ? "" : schemaOf("Body", input.body, "input")}
    ${answer === null ? "" : schemaOf(`Answer ${status}`, answer, "output")}
    ${errors.length === 0 ? "" : html`<p>Errors: ${errors.map((code) => html`<code>${codeIn(wire, code, codeNames)}</code> `)}</p>`}
  </article>`;
}

function schemaOf(title: string, schema: z.ZodType, io: "input" | "output") {
  const { $schema: _dialect, ...json } = z.toJSONSchema(schema, { io, unrepresentable: "any" });
  return html`<details>
    <summary>${title}</summary>
    <pre><code>${JSON.stringify(json, null, 2)}</code></pre>
  </details>`;
}
