import * as z from "zod";
import { readLimited } from "../limits.ts";

/**
 * The gateway's unauthenticated probes, each for its own question: `/startupz` has it come up, `/readyz` should people be
 * sent to it, `/healthz` is it alive at all. They cost it 1 to 2 ms.
 */

const PROBE_TIMEOUT_MS = 3_000;
const PROBE_MAX_BYTES = 64 * 1024;

export type Probe = "/startupz" | "/readyz" | "/healthz";

/** `answered: false`: nobody listens, or no answer in time. */
export type ProbeResult = { answered: false } | { answered: true; ok: boolean; failing: string[] };

const ProbeBody = z.object({
  failing: z.array(z.string().max(200)).max(50).optional(),
  pendingReason: z.string().max(200).optional(),
});

export async function probe(port: number, path: Probe, timeoutMs = PROBE_TIMEOUT_MS): Promise<ProbeResult> {
  try {
    const response = await fetch(`http://127.0.0.1:${port}${path}`, {
      signal: AbortSignal.timeout(timeoutMs),
      redirect: "manual",
    });
    const body = ProbeBody.safeParse(JSON.parse(await readLimited(response, PROBE_MAX_BYTES)));
    const said = body.success ? body.data : {};
    const failing = said.failing ?? (said.pendingReason === undefined ? [] : [said.pendingReason]);
    return { answered: true, ok: response.status === 200, failing };
  } catch {
    return { answered: false };
  }
}
