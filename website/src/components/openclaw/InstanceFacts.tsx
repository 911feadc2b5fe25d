import { Code, Group, SimpleGrid, Stack, Text } from "@mantine/core";
import type { InstanceSummary } from "@oa/contract/instance";
import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { useJobs } from "../../lib/live.tsx";
import { runtimeStatusQuery } from "../../lib/runtimeQueries.ts";
import { CopyIcon } from "../ui/CopyButton.tsx";
import { RelativeTime } from "../ui/RelativeTime.tsx";
import { Uptime } from "./Uptime.tsx";

/** What one looks up when asking for help: versions, ids, times. */
export function InstanceFacts({ instance }: { instance: InstanceSummary }) {
  const status = useQuery(runtimeStatusQuery(instance, useJobs().last?.id ?? null));
  const runtime = status.data?.data;
  return (
    <SimpleGrid cols={{ base: 1, xs: 2, md: 3 }} spacing="md" verticalSpacing="sm">
      <Fact label="OpenClaw version">{runtime?.version.openclaw ?? instance.version ?? "not known yet"}</Fact>
      {runtime?.gateway.uptime_ms !== undefined && (
        <Fact label="Gateway up for">
          <Uptime uptimeMs={runtime.gateway.uptime_ms} at={status.dataUpdatedAt} />
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
