import { Badge, Button, Code, EmptyState, Group, Stack, Text } from "@mantine/core";
import type { InstanceSummary } from "@oa/contract/instance";
import type { BackupRecord } from "@oa/contract/runtime";
import { IconArchive, IconCheck } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { newestFirst } from "../../lib/backupView.ts";
import { formatBytes, formatDuration } from "../../lib/format.ts";
import { JOB_TITLES } from "../../lib/jobView.ts";
import { useJobs } from "../../lib/live.tsx";
import { openclawApi } from "../../lib/openclawApi.ts";
import { backupsQuery } from "../../lib/runtimeQueries.ts";
import { ConfirmDialog } from "../ui/ConfirmDialog.tsx";
import { Failure } from "../ui/Failure.tsx";
import { ListRow, RowList } from "../ui/Lists.tsx";
import { Loading } from "../ui/Loading.tsx";
import { Panel } from "../ui/Panel.tsx";
import { RelativeTime } from "../ui/RelativeTime.tsx";
import { JobProgress } from "./JobProgress.tsx";
import { JobTrouble } from "./JobTrouble.tsx";
import { useRuntimeAct } from "./useRuntimeAct.ts";

/** The backups there are, one more on demand, and the way back to one. */
export function BackupList({ instance }: { instance: InstanceSummary }) {
  const { running: job, last } = useJobs();
  const list = useQuery(backupsQuery(instance, last?.id ?? null));
  const backUp = useRuntimeAct(
    instance,
    () => openclawApi.backUp(),
    ({ size }) => `The backup is written and verified (${formatBytes(size)}).`,
  );
  const restore = useRuntimeAct(
    instance,
    (id: string) => openclawApi.restore(id),
    ({ tookMs }) => `Restored in ${formatDuration(tookMs)}. What was there before is kept as a backup.`,
  );
  const [chosen, setChosen] = useState<BackupRecord | null>(null);
  const backingUp = backUp.isPending || job?.kind === "backup";
  const restoring = restore.isPending || job?.kind === "restore";
  const backups = list.data === undefined ? null : newestFirst(list.data.backups);
  return (
    <Panel
      title="Backups"
      description={<Newest backups={backups} />}
      aside={
        <Button
          leftSection={<IconArchive size={16} aria-hidden />}
          loading={backingUp}
          disabled={job !== null && job.kind !== "backup"}
          onClick={() => backUp.mutate()}
        >
          Back up now
        </Button>
      }
    >
      {backingUp && (
        <JobProgress title={JOB_TITLES.backup} job={job} startedAt={backUp.isPending ? backUp.submittedAt : null} />
      )}
      {restoring && (
        <JobProgress title={JOB_TITLES.restore} job={job} startedAt={restore.isPending ? restore.submittedAt : null} />
      )}
      <JobTrouble kind="backup" title="The backup was not made" asked={backUp} />
      <JobTrouble kind="restore" title="Nothing was restored" asked={restore} />
      {list.isError && (
        <Failure title="The backups did not load" error={list.error} onRetry={() => void list.refetch()} />
      )}
      {list.isPending && <Loading what="the backups" h={96} />}
      {backups !== null && backups.length === 0 && (
        <EmptyState
          icon={<IconArchive aria-hidden />}
          title="There is no backup yet"
          description="A backup holds the agent's memory, settings and paired devices. It is made while the gateway runs."
        />
      )}
      {backups !== null && backups.length > 0 && (
        <RowList label="Backups">
          {backups.map((backup) => (
            <Backup
              key={backup.id}
              backup={backup}
              disabled={job !== null || restoring || backingUp}
              onRestore={() => setChosen(backup)}
            />
          ))}
        </RowList>
      )}
      <ConfirmDialog
        opened={chosen !== null}
        onClose={() => setChosen(null)}
        title="Restore this backup?"
        confirm="Restore"
        phrase="restore"
        danger
        act={() => Promise.resolve(chosen !== null && restore.mutate(chosen.id))}
      >
        {chosen !== null && <WhatIsLost backup={chosen} />}
      </ConfirmDialog>
    </Panel>
  );
}

function Newest({ backups }: { backups: readonly BackupRecord[] | null }) {
  const newest = backups?.[0];
  if (newest === undefined) return <>Copies of everything your agent knows and has set up.</>;
  return (
    <>
      Last backup <RelativeTime at={newest.createdAt} />, {formatBytes(newest.size)},{" "}
      {newest.verified ? "verified" : "not verified"}.
    </>
  );
}

function Backup({ backup, disabled, onRestore }: { backup: BackupRecord; disabled: boolean; onRestore: () => void }) {
  return (
    <ListRow>
      <Stack gap={2} miw={0} flex="1 1 240px">
        <Group gap="xs">
          <Text fw={600}>
            <RelativeTime at={backup.createdAt} />
          </Text>
          {backup.verified ? (
            <Badge variant="light" color="green" leftSection={<IconCheck size={12} aria-hidden />}>
              Verified
            </Badge>
          ) : (
            <Badge variant="light" color="orange">
              Not verified
            </Badge>
          )}
        </Group>
        <Text size="sm" c="dimmed" style={{ overflowWrap: "anywhere" }}>
          {formatBytes(backup.size)} · OpenClaw {backup.openclawVersion} · SHA-256{" "}
          <Code>{backup.sha256.slice(0, 12)}…</Code>
        </Text>
      </Stack>
      <Button variant="default" size="xs" disabled={disabled || !backup.verified} onClick={onRestore}>
        Restore
      </Button>
    </ListRow>
  );
}

function WhatIsLost({ backup }: { backup: BackupRecord }) {
  return (
    <Stack gap="xs">
      <Text size="sm">
        Your OpenClaw goes back to how it was <RelativeTime at={backup.createdAt} />. What changed since then, in
        memory, settings and paired devices, is set aside.
      </Text>
      <Text size="sm">
        The gateway stops for a moment and devices are disconnected. Before anything is replaced the backup is verified;
        today's state is kept as a backup of its own, so that you can go back again.
      </Text>
    </Stack>
  );
}
