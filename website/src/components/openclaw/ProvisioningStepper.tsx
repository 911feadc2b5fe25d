import { Button, Group, Loader, Paper, Stack, Text, Title, VisuallyHidden } from "@mantine/core";
import type { InstanceStep, InstanceSummary, StepState } from "@oa/contract/instance";
import { IconCheck, IconCircleX, IconMinus, IconPoint, IconRefresh } from "@tabler/icons-react";
import { useMutation } from "@tanstack/react-query";
import { formatDuration } from "../../lib/format.ts";
import { openclawApi } from "../../lib/openclawApi.ts";
import { STEP_TITLES, stepDuration, stepsProgress } from "../../lib/stepsView.ts";
import { useNow } from "../../lib/useNow.ts";
import { Announcement } from "../ui/Announcement.tsx";
import { Failure } from "../ui/Failure.tsx";
import { TimelineItem, TimelineList } from "../ui/Lists.tsx";

/** The steps from a click to a running gateway: which one runs, for how long, what it says, and what to do when one fails. */
export function ProvisioningStepper({ instance }: { instance: InstanceSummary }) {
  const now = useNow(1_000);
  const progress = stepsProgress(instance, now);
  const failed = instance.status === "error";
  return (
    <Paper component="section" aria-label="Setting up" withBorder p={{ base: "md", sm: "lg" }}>
      <Stack gap="lg">
        <Group justify="space-between" align="baseline" gap="xs">
          <Title order={2} size="h4">
            {failed ? "It stopped before it was done" : "Setting up your OpenClaw"}
          </Title>
          <Text size="sm" c="dimmed">
            Step {Math.min(progress.done + 1, progress.total)} of {progress.total}
            {progress.elapsedMs !== null && ` · ${formatDuration(progress.elapsedMs)}`}
          </Text>
        </Group>
        <Announcement>{announcement(instance, progress.current)}</Announcement>
        {failed ? (
          <FailedNotice instance={instance} />
        ) : (
          <RunningNotice reason={instance.reason} shown={progress.current?.detail ?? null} />
        )}
        <TimelineList label="Steps">
          {instance.steps.map((step, index) => (
            <TimelineItem
              key={step.name}
              icon={<StepBullet state={step.state} />}
              color={STATE_COLORS[step.state]}
              title={<StepTitle step={step} now={now} />}
              current={step.state === "running"}
              last={index === instance.steps.length - 1}
            >
              {step.detail !== null && (
                <Text size="sm" c="dimmed" style={{ overflowWrap: "anywhere" }}>
                  {step.detail}
                </Text>
              )}
            </TimelineItem>
          ))}
        </TimelineList>
      </Stack>
    </Paper>
  );
}

function StepTitle({ step, now }: { step: InstanceStep; now: number }) {
  const duration = stepDuration(step, now);
  return (
    <Text span fw={step.state === "running" ? 650 : 500} {...(step.state === "pending" ? { c: "dimmed" } : {})}>
      {STEP_TITLES[step.name]}
      <VisuallyHidden>{`, ${STATE_WORDS[step.state]}`}</VisuallyHidden>
      {step.state === "skipped" && (
        <Text span size="sm" c="dimmed" fw={400} aria-hidden>
          {" "}
          · skipped
        </Text>
      )}
      {duration !== null && (
        <Text span size="sm" c="dimmed" fw={400} style={{ whiteSpace: "nowrap" }}>
          {" "}
          · {formatDuration(duration)}
        </Text>
      )}
    </Text>
  );
}

const STATE_WORDS: Readonly<Record<StepState, string>> = {
  pending: "not begun",
  running: "running",
  done: "done",
  skipped: "skipped",
  failed: "failed",
};

const STATE_COLORS: Readonly<Record<StepState, string>> = {
  pending: "gray",
  running: "blue",
  done: "green",
  skipped: "gray",
  failed: "red",
};

function StepBullet({ state }: { state: StepState }) {
  switch (state) {
    case "done":
      return <IconCheck size={15} aria-hidden />;
    case "skipped":
      return <IconMinus size={15} aria-hidden />;
    case "running":
      return <Loader size={14} color="blue" aria-hidden />;
    case "failed":
      return <IconCircleX size={15} aria-hidden />;
    case "pending":
      return <IconPoint size={15} aria-hidden />;
  }
}

/** The row's reason, unless the running step says the same (`shown`). */
function RunningNotice({ reason, shown }: { reason: string | null; shown: string | null }) {
  return (
    <Stack gap={4}>
      {reason !== null && reason !== shown && (
        <Text size="sm" style={{ overflowWrap: "anywhere" }}>
          {reason}
        </Text>
      )}
      <Text size="sm" c="dimmed">
        It is safe to close this page: the work goes on, and you find it here when you come back.
      </Text>
    </Stack>
  );
}

/** A retry keeps what is done: every step looks first at what there is. */
function FailedNotice({ instance }: { instance: InstanceSummary }) {
  const retry = useMutation({ mutationFn: () => openclawApi.startInstance() });
  return (
    <Stack gap="sm" align="flex-start">
      <Text style={{ overflowWrap: "anywhere" }}>{instance.reason ?? "It says no reason."}</Text>
      {retry.isError && <Failure title="It was not started again" error={retry.error} />}
      <Button
        leftSection={<IconRefresh size={16} aria-hidden />}
        loading={retry.isPending}
        onClick={() => retry.mutate()}
      >
        Try again
      </Button>
      <Text size="sm" c="dimmed">
        It goes on where it failed: what is done already is found and kept.
      </Text>
    </Stack>
  );
}

function announcement(instance: InstanceSummary, current: InstanceStep | null): string {
  if (instance.status === "error") return `Setting up failed. ${instance.reason ?? ""}`;
  return current === null ? "Every step is done." : `Now: ${STEP_TITLES[current.name]}.`;
}
