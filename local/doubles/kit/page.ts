import { html, raw } from "hono/html";

/** Escaped HTML: everything put into an `html` template is escaped unless it is such a value itself. */
export type Html = ReturnType<typeof html>;

const STYLE = raw(`
  :root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
  body { max-width: 44rem; margin: 0 auto; padding: 1rem; overflow-wrap: anywhere; }
  aside { border: 2px dashed currentColor; border-radius: .5rem; padding: .5rem 1rem; margin-bottom: 1.5rem; }
  form { margin: 1rem 0; }
  fieldset { border: 1px solid #8888; border-radius: .5rem; margin: 1rem 0; padding: 1rem; }
  button { font: inherit; padding: .5rem 1rem; margin: .25rem 0; cursor: pointer; text-align: left; }
  button small { display: block; }
  input[type=email], input[type=text] { font: inherit; padding: .5rem; width: 100%; box-sizing: border-box; }
  li { margin: .5rem 0; }
  pre { white-space: pre-wrap; }
  iframe { width: 100%; height: 24rem; border: 1px solid #8888; background: #fff; }
`);

/** One page of a double. It says what it stands in for at its top, so that nobody takes it for the real thing. */
export function page(options: { title: string; double: string; body: Html }): Html {
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="referrer" content="no-referrer" />
        <meta
          http-equiv="content-security-policy"
          content="default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'"
        />
        <title>${options.title}</title>
        <style>
          ${STYLE}
        </style>
      </head>
      <body>
        <aside>
          <strong>This is a double of ${options.double}.</strong> It runs on this machine for development and tests;
          nothing typed here reaches ${options.double}.
        </aside>
        <main>
          <h1>${options.title}</h1>
          ${options.body}
        </main>
      </body>
    </html>`;
}
