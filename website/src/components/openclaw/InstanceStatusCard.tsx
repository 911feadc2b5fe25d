import { Group, Paper, Stack, Text, Title } from "@mantine/core";
import type { InstanceSummary } from "@oa/contract/instance";
import { type PropsWithChildren, useId } from "react";
import { offeredActs, STATUS_VIEWS, statusSince } from "../../lib/instanceView.ts";
import { Announcement } from "../ui/Announcement.tsx";
import { RelativeTime } from "../ui/RelativeTime.tsx";
import { InstanceActs } from "./InstanceActs.tsx";
import { StatusIcon } from "./StatusIcon.tsx";

interface InstanceStatusCardProps {
  instance: InstanceSummary;
  /** False where what comes next is not to start or stop it. */
  withActs?: boolean;
}

/** What the instance is doing, since when, why, and what can be done. Changes are announced. Children stand below. */
export function InstanceStatusCard({
  instance,
  withActs = true,
  children,
}: PropsWithChildren<InstanceStatusCardProps>) {
  const view = STATUS_VIEWS[instance.status];
  const id = useId();
  return (
    <Paper component="section" aria-labelledby={id} withBorder p={{ base: "md", sm: "lg" }}>
      <Announcement>{`Status: ${view.word}. ${instance.reason ?? view.meaning}`}</Announcement>
      <Stack gap="md">
        <Group gap="md" align="flex-start" wrap="nowrap">
          <StatusIcon tone={view.tone} />
          <Stack gap={2} miw={0} flex={1}>
            <Group gap="xs" align="baseline">
              <Title order={2} size="h3" id={id} data-testid="instance-status">
                {view.word}
              </Title>
              <Text size="sm" c="dimmed">
                since <RelativeTime at={statusSince(instance)} />
              </Text>
            </Group>
            <Text>{view.meaning}</Text>
            {instance.reason !== null && (
              <Text size="sm" c="dimmed" style={{ overflowWrap: "anywhere" }}>
                {instance.reason}
              </Text>
            )}
          </Stack>
        </Group>
        {withActs && <InstanceActs instance={instance} acts={offeredActs(instance)} />}
        {children}
      </Stack>
    </Paper>
  );
}
