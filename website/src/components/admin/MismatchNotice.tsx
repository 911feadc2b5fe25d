import { Alert, Stack, Text } from "@mantine/core";
import { IconAlertTriangle } from "@tabler/icons-react";
import type { AdminAlert } from "../../lib/creditsLive.ts";
import type { LivePages } from "../../lib/live.tsx";
import { RowList } from "../ui/Lists.tsx";
import { MoreButton } from "../ui/PagedList.tsx";
import { RelativeTime } from "../ui/RelativeTime.tsx";

/** Accounts whose books did not add up in the nightly proof; nothing where all do. */
export function MismatchNotice({ alerts }: { alerts: LivePages<AdminAlert> }) {
  if (alerts.items.length === 0) return null;
  return (
    <Alert
      role="alert"
      color="red"
      variant="outline"
      icon={<IconAlertTriangle aria-hidden />}
      title="Books that do not add up"
    >
      <Stack gap="md">
        <RowList label="Books that do not add up">
          {alerts.items.map(({ alert }) => (
            <Stack key={alert.alert_id} component="li" gap={0}>
              <Text size="sm" style={{ overflowWrap: "anywhere" }}>
                {alert.message}
              </Text>
              <Text size="sm" c="dimmed">
                found <RelativeTime at={alert.created_at} />
              </Text>
            </Stack>
          ))}
        </RowList>
        <MoreButton pages={alerts} label="Show older ones" />
      </Stack>
    </Alert>
  );
}
