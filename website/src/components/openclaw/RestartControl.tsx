import { Button, Stack } from "@mantine/core";
import type { InstanceSummary } from "@oa/contract/instance";
import { IconRefresh } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { formatDuration } from "../../lib/format.ts";
import { openclawApi } from "../../lib/openclawApi.ts";
import { runtimeStatusQuery } from "../../lib/runtimeQueries.ts";
import { Failure } from "../ui/Failure.tsx";
import { JobProgress } from "./JobProgress.tsx";
import { useRuntimeAct } from "./useRuntimeAct.ts";

/** Restarts the gateway and shows how far it is, also when another tab has asked for it. */
export function RestartControl({ instance }: { instance: InstanceSummary }) {
  const restart = useRuntimeAct(
    instance,
    () => openclawApi.restart(),
    ({ tookMs }) => `The gateway is running again after ${formatDuration(tookMs)}.`,
  );
  const status = useQuery(runtimeStatusQuery(instance, restart.isPending));
  const job = status.data?.data.job ?? null;
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
        <JobProgress
          title="Restarting the gateway"
          job={job}
          startedAt={restart.isPending ? restart.submittedAt : null}
        />
      )}
      {restart.isError && <Failure title="The gateway was not restarted" error={restart.error} />}
    </Stack>
  );
}
