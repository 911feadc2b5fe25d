import { Progress, Stack, Text } from "@mantine/core";
import type { RuntimeJob } from "@oa/contract/runtime";
import { formatDuration } from "../../lib/format.ts";
import { useNow } from "../../lib/useNow.ts";

interface JobProgressProps {
  title: string;
  /** What the runtime has reported; null until the report of it is here. */
  job: RuntimeJob | null;
  /** When this page asked for it; null when someone else did. */
  startedAt: number | null;
}

/** A long piece of work of unknown length: what it is, its phase, for how long. The phase is announced, the seconds are not. */
export function JobProgress({ title, job, startedAt }: JobProgressProps) {
  const now = useNow(1_000);
  const since = startedAt ?? job?.startedAt ?? now;
  return (
    <Stack gap={6} w={320} maw="100%">
      <Text size="sm">
        <output>{job === null ? `${title}…` : `${title}: ${job.phase}`}</output>
        <Text span c="dimmed" aria-hidden>
          {" "}
          · {formatDuration(now - since)}
        </Text>
      </Text>
      <Progress value={100} animated size="sm" aria-label={title} />
    </Stack>
  );
}
