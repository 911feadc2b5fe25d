import { Code, Text } from "@mantine/core";
import type { MyAuthEvent } from "@oa/contract/accountsApi";
import { IconAlertTriangle, IconCheck, IconHistory, IconPoint } from "@tabler/icons-react";
import { type AuthEventView, authEventView, whereFrom } from "../../lib/authEventView.ts";
import type { LivePages } from "../../lib/live.tsx";
import { TimelineItem, TimelineList } from "../ui/Lists.tsx";
import { PagedList } from "../ui/PagedList.tsx";
import { RelativeTime } from "../ui/RelativeTime.tsx";

const BULLETS = {
  good: { color: "green", Icon: IconCheck },
  plain: { color: "gray", Icon: IconPoint },
  alert: { color: "orange", Icon: IconAlertTriangle },
} as const satisfies Record<AuthEventView["tone"], unknown>;

/** What concerned getting into the account, newest first, with device and place. */
export function AuthEventList({ events }: { events: LivePages<MyAuthEvent> }) {
  return (
    <PagedList
      pages={events}
      what="what happened"
      empty={{
        icon: <IconHistory aria-hidden />,
        title: "Nothing has happened yet",
        description: "Sign-ins, changes of the password and linked accounts will stand here.",
      }}
      more="Show older events"
    >
      {(items) => (
        <TimelineList label="Security events">
          {items.map((event, index) => {
            const { title, tone } = authEventView(event.type);
            const { color, Icon } = BULLETS[tone];
            return (
              <TimelineItem
                key={event.event_id}
                icon={<Icon size={14} />}
                color={color}
                last={index === items.length - 1}
                title={
                  <Text size="sm" fw={500}>
                    {title}
                  </Text>
                }
              >
                <Text size="sm" c="dimmed" style={{ overflowWrap: "anywhere" }}>
                  <RelativeTime at={event.created_at} /> · {whereFrom(event)}
                  {event.detail !== null && (
                    <>
                      {" · "}
                      <Code>{event.detail}</Code>
                    </>
                  )}
                </Text>
              </TimelineItem>
            );
          })}
        </TimelineList>
      )}
    </PagedList>
  );
}
