/** A person at a browser, for the tests of the sign-in doubles: reads the page, fills in its forms. */

/** Follows the consent page at `url` with a choice; returns where it sends the person, or the page when it sends nowhere. */
export async function choose(
  url: string,
  choice: Readonly<Record<string, string>>,
): Promise<{ location: URL | null; status: number; page: string }> {
  const shown = await fetch(url, { redirect: "manual" });
  const page = await shown.text();
  const location = shown.headers.get("location");
  if (location !== null || shown.status !== 200) {
    return { location: location === null ? null : new URL(location), status: shown.status, page };
  }
  const action = /<form method="post" action="([^"]*)"/.exec(page)?.[1];
  if (action === undefined) throw new Error(`no form on the page:\n${page}`);
  const fields = new URLSearchParams(choice);
  const form = page.slice(page.indexOf("<form"), page.indexOf("</form>"));
  for (const [, name = "", value = ""] of form.matchAll(/<input type="hidden" name="([^"]*)" value="([^"]*)"/g)) {
    fields.set(name, unescapeHtml(value));
  }
  const answered = await fetch(new URL(action, url), { method: "POST", body: fields, redirect: "manual" });
  const to = answered.headers.get("location");
  return { location: to === null ? null : new URL(to), status: answered.status, page: await answered.text() };
}

function unescapeHtml(text: string): string {
  return text
    .replaceAll("&lt;", "<")
    .replaceAll("&gt;", ">")
    .replaceAll("&quot;", '"')
    .replaceAll("&#39;", "'")
    .replaceAll("&amp;", "&");
}

/** A clock that a test moves. */
export class Clock {
  ms = Date.parse("2026-01-01T00:00:00Z");
  readonly now = (): number => this.ms;

  pass(seconds: number): void {
    this.ms += seconds * 1000;
  }
}
