import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import type { Page } from "playwright-core";

const source = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

declare global {
  interface Window {
    axe: { run: (options: object) => Promise<{ violations: Violation[] }> };
  }
}

interface Violation {
  id: string;
  impact: string;
  nodes: { html: string; failureSummary: string }[];
}

const STANDARDS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];

/**
 * What axe finds serious or critical, one line a place: `everything` of WCAG 2.2 AA and its best practices, or only the
 * `contrast`, for a document that was looked at in other colours already.
 */
export async function seriousViolations(page: Page, what: "everything" | "contrast"): Promise<string[]> {
  // Given to the debugger, not to the page, so that the page's own policy stays as it is.
  await page.evaluate(source);
  const runOnly = what === "everything" ? STANDARDS : ["color-contrast"];
  const violations = await page.evaluate(async (runOnly) => {
    const { violations } = await window.axe.run({ resultTypes: ["violations"], runOnly });
    return violations.map(({ id, impact, nodes }) => ({
      id,
      impact,
      nodes: nodes.map(({ html, failureSummary }) => ({ html, failureSummary })),
    }));
  }, runOnly);
  return violations
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .flatMap(({ id, nodes }) =>
      nodes.map(({ html, failureSummary }) => `${id}: ${html.slice(0, 240)} | ${failureSummary.replaceAll("\n", " ")}`),
    );
}
