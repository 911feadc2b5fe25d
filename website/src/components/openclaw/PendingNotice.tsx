import { Alert, Group, Text } from "@mantine/core";
import { IconDeviceMobileQuestion } from "@tabler/icons-react";
import { deviceName, openRequests } from "../../lib/deviceView.ts";
import { useObservation } from "../../lib/live.tsx";
import { useNow } from "../../lib/useNow.ts";
import { LinkButton } from "../ui/Links.tsx";

/** Says on the overview that a device waits: its request runs out in minutes. */
export function PendingNotice() {
  const observation = useObservation();
  const now = useNow(1_000);
  const devices = observation.state === "ready" ? (observation.value?.devices ?? null) : null;
  const waiting = devices === null ? [] : openRequests(devices, now);
  const first = waiting[0];
  if (first === undefined) return null;
  return (
    <Alert
      variant="outline"
      color="claw"
      icon={<IconDeviceMobileQuestion aria-hidden />}
      title="A device is waiting for you"
    >
      <Group justify="space-between" gap="sm">
        <Text size="sm">
          {waiting.length === 1
            ? `${deviceName(first.client)} asks to be paired.`
            : `${deviceName(first.client)} and ${String(waiting.length - 1)} more ask to be paired.`}
        </Text>
        <LinkButton to="/openclaw/security" size="xs">
          Review
        </LinkButton>
      </Group>
    </Alert>
  );
}
