import { inject } from "vitest";

/** The folder of the built website (mode `production`) or of its fixtures; built once for all files of a run. */
export async function builtSite(mode: "production" | "fixtures"): Promise<string> {
  const answer = await fetch(`${inject("websiteBuilds")}/${mode}`, { signal: AbortSignal.timeout(170_000) });
  const folder = await answer.text();
  if (!answer.ok) throw new Error(`the website was not built: ${folder}`);
  return folder;
}
