import { Text } from "@mantine/core";
import type { InstanceSummary } from "@oa/contract/instance";
import type { GatewayState, RuntimeStatus } from "@oa/contract/runtime";
import { useQuery } from "@tanstack/react-query";
import { formatDuration } from "../../lib/format.ts";
import { useJobs } from "../../lib/live.tsx";
import { runtimeStatusQuery } from "../../lib/runtimeQueries.ts";
import { useAtNow } from "../../lib/useNow.ts";
import { Failure } from "../ui/Failure.tsx";
import { Loading } from "../ui/Loading.tsx";
import { Panel } from "../ui/Panel.tsx";
import { RestartControl } from "./RestartControl.tsx";

const STATES: Readonly<Record<GatewayState, string>> = {
  running: "It is running",
  starting: "It is starting",
  stopped: "It is stopped",
  error: "It does not run",
};

/** The gateway process itself, and the way to start it afresh. */
export function GatewayPanel({ instance }: { instance: InstanceSummary }) {
  const status = useQuery(runtimeStatusQuery(instance, useJobs().last?.id ?? null));
  const words = useAtNow(1_000, (now) =>
    status.data === undefined ? "" : stateWords(status.data.data, Math.max(0, now - status.data.read_at)),
  );
  return (
    <Panel
      title="Gateway"
      description="A restart takes about half a minute. Devices reconnect by themselves; nothing is lost."
    >
      {status.isError && (
        <Failure title="The gateway's state did not load" error={status.error} onRetry={() => void status.refetch()} />
      )}
      {status.isPending && <Loading what="the gateway's state" h={20} w={280} />}
      {status.data !== undefined && <Text size="sm">{words}</Text>}
      <RestartControl instance={instance} />
    </Panel>
  );
}

/** "It is running, for 2 h 3 min, after 1 unplanned restart." What it said is `age` milliseconds old. */
function stateWords({ gateway, health }: RuntimeStatus, age: number): string {
  const parts = [STATES[gateway.status]];
  if (gateway.uptime_ms !== undefined) parts.push(`for ${formatDuration(gateway.uptime_ms + age)}`);
  if (gateway.restarts > 0)
    parts.push(`after ${String(gateway.restarts)} unplanned ${gateway.restarts === 1 ? "restart" : "restarts"}`);
  // While it starts or is down, that something is not well is no news.
  const calm = health.ok || gateway.status !== "running";
  const trouble = gateway.reason ?? (calm ? null : `It reports trouble with ${health.failing.join(", ")}.`);
  return `${parts.join(", ")}.${trouble === null ? "" : ` ${trouble}`}`;
}
