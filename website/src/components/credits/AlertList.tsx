import { CloseButton, Group, Stack, Text } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import type { CreditAlert } from "@oa/contract/usage";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { creditsApi } from "../../lib/creditsApi.ts";
import { useOpenAlerts } from "../../lib/creditsLive.ts";
import { messageOf } from "../../lib/requestError.ts";
import { TextLink } from "../ui/Links.tsx";
import { RowList } from "../ui/Lists.tsx";
import { Panel } from "../ui/Panel.tsx";
import { RelativeTime } from "../ui/RelativeTime.tsx";
import { ShowAll } from "../ui/ShowAll.tsx";

/** Unread alerts shown before one asks for all. */
const SHORT = 4;

/** What this account was told about its credits and has not put away; nothing where there is nothing. */
export function AlertList() {
  const alerts = useOpenAlerts();
  const [all, setAll] = useState(false);
  if (alerts.length === 0) return null;
  const shown = all ? alerts : alerts.slice(0, SHORT);
  return (
    <Panel title="Alerts" description="Also sent to your e-mail, where this installation can send mail.">
      <RowList label="Alerts">
        {shown.map((alert) => (
          <Alert key={alert.alert_id} alert={alert} />
        ))}
      </RowList>
      {alerts.length > SHORT && <ShowAll total={alerts.length} all={all} onChange={setAll} />}
    </Panel>
  );
}

function Alert({ alert }: { alert: CreditAlert }) {
  const { alert_id, title, message, key_hash, created_at } = alert;
  const putAway = useMutation({
    mutationFn: () => creditsApi.alertSeen(alert_id),
    onError: (error) =>
      notifications.show({ color: "red", title: "The alert is still there", message: messageOf(error) }),
  });
  return (
    <Group component="li" justify="space-between" align="flex-start" gap="sm" wrap="nowrap">
      <Stack gap={2} miw={0}>
        <Text fw={600} size="sm" style={{ overflowWrap: "anywhere" }}>
          {title}
        </Text>
        <Text size="sm" style={{ overflowWrap: "anywhere" }}>
          {message}
        </Text>
        <Text size="sm" c="dimmed">
          <RelativeTime at={created_at} />
          {key_hash !== null && (
            <>
              {" · "}
              <TextLink to="/openclaw/keys/$hash" params={{ hash: key_hash }} size="sm" underline="always">
                See the key
              </TextLink>
            </>
          )}
        </Text>
      </Stack>
      <CloseButton
        aria-label={`Put away: ${title}`}
        disabled={putAway.isPending || putAway.isSuccess}
        onClick={() => putAway.mutate()}
      />
    </Group>
  );
}
