import { Code, Group, SimpleGrid, Stack, Text } from "@mantine/core";
import type { InstanceSummary } from "@oa/contract/instance";
import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { isReachable } from "../../lib/instanceView.ts";
import { useJobs } from "../../lib/live.tsx";
import { runtimeStatusQuery } from "../../lib/runtimeQueries.ts";
import { CopyIcon } from "../ui/CopyButton.tsx";
import { RelativeTime } from "../ui/RelativeTime.tsx";
import { Uptime } from "./Uptime.tsx";

/** What one looks up when asking for help: versions, ids, times. */
export function InstanceFacts({ instance }: { instance: InstanceSummary }) {
  const status = useQuery(runtimeStatusQuery(instance, useJobs().last?.id ?? null));
  // What it said while it ran is no fact of one that is off.
  const told = isReachable(instance.status) ? status.data : undefined;
  const runtime = told?.data;
  return (
    <SimpleGrid cols={{ base: 1, xs: 2, md: 3 }} spacing="md" verticalSpacing="sm">
      <Fact label="OpenClaw version">{runtime?.version.openclaw ?? instance.version ?? "not known yet"}</Fact>
      {told?.data.gateway.uptime_ms !== undefined && (
        <Fact label="Gateway up for">
          <Uptime uptimeMs={told.data.gateway.uptime_ms} at={told.read_at} />
        </Fact>
      )}
      {runtime !== undefined && <Fact label="Unplanned restarts">{runtime.gateway.restarts}</Fact>}
      {runtime !== undefined && <Fact label="Runs on">{runtime.container.instanceType}</Fact>}
      <Fact label="Instance id">
        <Group gap={2} wrap="nowrap">
          <Code style={{ overflowWrap: "anywhere" }}>{instance.instance_id}</Code>
          <CopyIcon value={instance.instance_id} label="Copy the instance id" />
        </Group>
      </Fact>
      <Fact label="Created">
        <RelativeTime at={instance.created_at} />
      </Fact>
    </SimpleGrid>
  );
}

function Fact({ label, children }: { label: string; children: ReactNode }) {
  return (
    <Stack gap={0} miw={0}>
      <Text size="xs" c="dimmed">
        {label}
      </Text>
      <Text size="sm" component="div">
        {children}
      </Text>
    </Stack>
  );
}
