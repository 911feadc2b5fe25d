import { Code, Text } from "@mantine/core";
import { IconCheck, IconHistory, IconLoader2, IconX } from "@tabler/icons-react";
import { activities, type Activity } from "../../lib/activityView.ts";
import type { AuditLine, LivePages } from "../../lib/live.tsx";
import { TimelineItem, TimelineList } from "../ui/Lists.tsx";
import { PagedList } from "../ui/PagedList.tsx";
import { RelativeTime } from "../ui/RelativeTime.tsx";

const BULLETS = {
  ok: { color: "green", Icon: IconCheck },
  failed: { color: "red", Icon: IconX },
  running: { color: "blue", Icon: IconLoader2 },
} as const;

/** Who did what and when, newest first. */
export function ActivityTimeline({ events }: { events: LivePages<AuditLine> }) {
  return (
    <PagedList
      pages={events}
      what="the activity"
      empty={{
        icon: <IconHistory aria-hidden />,
        title: "Nothing has happened yet",
        description: "Starts, restarts, backups and approvals are noted here, with who asked for them.",
      }}
      more="Show older activity"
    >
      {(lines) => (
        <TimelineList label="Activity">
          {activities(lines).map((act, index, acts) => (
            <Act key={act.id} act={act} last={index === acts.length - 1} />
          ))}
        </TimelineList>
      )}
    </PagedList>
  );
}

function Act({ act, last }: { act: Activity; last: boolean }) {
  const { color, Icon } = BULLETS[act.result];
  return (
    <TimelineItem
      icon={<Icon size={14} />}
      color={color}
      last={last}
      title={
        <Text size="sm" fw={500}>
          {act.title}
        </Text>
      }
    >
      <Text size="sm" c="dimmed" style={{ overflowWrap: "anywhere" }}>
        <RelativeTime at={act.at} /> {act.by}
        {act.target !== null && (
          <>
            {" · "}
            <Code>{act.target}</Code>
          </>
        )}
        {act.code !== null && (
          <>
            {" · "}
            <Code>{act.code}</Code>
          </>
        )}
      </Text>
    </TimelineItem>
  );
}
