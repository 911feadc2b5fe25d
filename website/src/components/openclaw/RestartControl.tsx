import { Button, Stack } from "@mantine/core";
import type { InstanceSummary } from "@oa/contract/instance";
import { IconRefresh } from "@tabler/icons-react";
import { formatDuration } from "../../lib/format.ts";
import { JOB_TITLES } from "../../lib/jobView.ts";
import { useJobs } from "../../lib/live.tsx";
import { openclawApi } from "../../lib/openclawApi.ts";
import { JobProgress } from "./JobProgress.tsx";
import { JobTrouble } from "./JobTrouble.tsx";
import { useRuntimeAct } from "./useRuntimeAct.ts";

/** Restarts the gateway and shows how far it is, also when another tab has asked for it. */
export function RestartControl({ instance }: { instance: InstanceSummary }) {
  const restart = useRuntimeAct(
    instance,
    () => openclawApi.restart(),
    ({ tookMs }) => `The gateway is running again after ${formatDuration(tookMs)}.`,
  );
  const { running: job } = useJobs();
  const restarting = restart.isPending || job?.kind === "restart";
  return (
    <Stack gap="sm" align="flex-start" maw="100%">
      <Button
        variant="default"
        leftSection={<IconRefresh size={16} aria-hidden />}
        loading={restarting}
        disabled={job !== null && job.kind !== "restart"}
        onClick={() => restart.mutate()}
      >
        Restart
      </Button>
      {restarting && (
        <JobProgress title={JOB_TITLES.restart} job={job} startedAt={restart.isPending ? restart.submittedAt : null} />
      )}
      <JobTrouble kind="restart" title="The gateway was not restarted" asked={restart} />
    </Stack>
  );
}
