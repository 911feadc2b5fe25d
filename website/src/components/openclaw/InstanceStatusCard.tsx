import { Group, Paper, Stack, Text, Title } from "@mantine/core";
import type { InstanceSummary } from "@oa/contract/instance";
import { type PropsWithChildren, useId } from "react";
import { offeredActs, STATUS_VIEWS, statusMeaning, statusSince } from "../../lib/instanceView.ts";
import { JOB_TITLES } from "../../lib/jobView.ts";
import { useJobs } from "../../lib/live.tsx";
import { Announcement } from "../ui/Announcement.tsx";
import { SinceTime } from "../ui/RelativeTime.tsx";
import { InstanceActs } from "./InstanceActs.tsx";
import { JobProgress } from "./JobProgress.tsx";
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
  const { running: job } = useJobs();
  const meaning = statusMeaning(instance.status, job?.kind ?? null);
  const id = useId();
  return (
    <Paper component="section" aria-labelledby={id} withBorder p={{ base: "md", sm: "lg" }}>
      <Announcement>{`Status: ${view.word}. ${instance.reason ?? meaning}`}</Announcement>
      <Stack gap="md">
        <Group gap="md" align="flex-start" wrap="nowrap">
          <StatusIcon tone={view.tone} />
          <Stack gap={2} miw={0} flex={1}>
            <Group gap="xs" align="baseline">
              <Title order={2} size="h3" id={id} data-testid="instance-status">
                {view.word}
              </Title>
              <Text size="sm" c="dimmed">
                <SinceTime at={statusSince(instance)} />
              </Text>
            </Group>
            <Text>{meaning}</Text>
            {instance.reason !== null && (
              <Text size="sm" c="dimmed" style={{ overflowWrap: "anywhere" }}>
                {instance.reason}
              </Text>
            )}
          </Stack>
        </Group>
        {job !== null && job.kind !== "restart" && (
          <JobProgress title={JOB_TITLES[job.kind]} job={job} startedAt={null} />
        )}
        {withActs && <InstanceActs instance={instance} acts={offeredActs(instance)} />}
        {children}
      </Stack>
    </Paper>
  );
}
