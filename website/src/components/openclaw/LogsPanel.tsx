import { Button, Group, Select, Stack, Text, TextInput } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import type { InstanceSummary } from "@oa/contract/instance";
import { IconDownload, IconPlayerPause, IconPlayerPlay } from "@tabler/icons-react";
import { useState } from "react";
import { downloadText } from "../../lib/downloadText.ts";
import { EMPTY_LOG, filterLog, LOG_LEVELS, type LogLevel, logText } from "../../lib/logBuffer.ts";
import { useFollowedLog } from "../../lib/useFollowedLog.ts";
import { CopyTextButton } from "../ui/CopyButton.tsx";
import { Failure } from "../ui/Failure.tsx";
import { Loading } from "../ui/Loading.tsx";
import { Panel } from "../ui/Panel.tsx";
import type { LogStreamState } from "../../lib/logStream.ts";
import { LogLines } from "./LogLines.tsx";

const LEVEL_LABELS: Readonly<Record<LogLevel, string>> = {
  debug: "Everything",
  info: "Info and above",
  warn: "Warnings and errors",
  error: "Errors only",
};

/** The gateway's log: follow, pause, filter, search, copy, save. */
export function LogsPanel({ instance }: { instance: InstanceSummary }) {
  const [following, setFollowing] = useState(true);
  const [level, setLevel] = useState<LogLevel>("info");
  const [search, setSearch] = useState("");
  const { log, stream } = useFollowedLog(instance, following);
  const buffer = log.data ?? EMPTY_LOG;
  const shown = filterLog(buffer.lines, level, search);
  const filtered = shown.length !== buffer.lines.length;
  return (
    <Panel
      title="Logs"
      description="What the gateway says, without secrets."
      aside={
        <Button
          variant="default"
          size="xs"
          leftSection={following ? <IconPlayerPause size={14} aria-hidden /> : <IconPlayerPlay size={14} aria-hidden />}
          onClick={() => setFollowing(!following)}
        >
          {following ? "Pause" : "Follow"}
        </Button>
      }
    >
      <Group gap="sm" align="flex-end">
        <Select
          label="Show"
          size="xs"
          w={180}
          allowDeselect={false}
          data={LOG_LEVELS.map((value) => ({ value, label: LEVEL_LABELS[value] }))}
          value={level}
          onChange={(value) => value !== null && setLevel(value)}
        />
        <TextInput
          label="Search"
          size="xs"
          flex="1 1 160px"
          type="search"
          value={search}
          onChange={(event) => setSearch(event.currentTarget.value)}
        />
        <Group gap="sm" wrap="nowrap">
          <CopyTextButton value={logText(shown)} label="Copy" />
          <Button
            variant="default"
            size="xs"
            leftSection={<IconDownload size={14} aria-hidden />}
            onClick={() => downloadText("openclaw.log", logText(shown))}
          >
            Save
          </Button>
        </Group>
      </Group>
      {log.isError && (
        <Failure title="The log could not be read" error={log.error} onRetry={() => void log.refetch()} />
      )}
      {log.isPending && <Loading what="the log" h={320} />}
      {log.data !== undefined && (
        <Stack gap={4}>
          <LogLines
            lines={shown}
            following={following}
            empty={filtered ? "No line fits." : "The gateway has said nothing yet."}
          />
          <Text size="xs" c="dimmed">
            {filtered
              ? `${String(shown.length)} of ${String(buffer.lines.length)} lines`
              : `${String(shown.length)} lines`}
            {buffer.missed > 0 && `, ${String(buffer.missed)} were gone before they could be read`}
            {". "}
            {following ? <StreamState stream={stream} /> : "Paused."}
          </Text>
        </Stack>
      )}
    </Panel>
  );
}

/** A break that heals at once, as when the door ends a stream after its time, is not worth a word. */
const GRACE_MS = 2_500;

function StreamState({ stream }: { stream: LogStreamState }) {
  const [settled] = useDebouncedValue(stream, GRACE_MS);
  const broken = stream === "broken" && settled === "broken";
  return <output>{broken ? "Reconnecting…" : "New lines come by themselves."}</output>;
}
