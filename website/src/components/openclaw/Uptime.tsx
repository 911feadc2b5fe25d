import { formatDuration } from "../../lib/format.ts";
import { useAtNow } from "../../lib/useNow.ts";

/** How long a gateway has been running: what it said (`uptimeMs`) at `at`, and the time that has gone by since. */
export function Uptime({ uptimeMs, at }: { uptimeMs: number; at: number }) {
  return <>{useAtNow(1_000, (now) => formatDuration(uptimeMs + Math.max(0, now - at)))}</>;
}
