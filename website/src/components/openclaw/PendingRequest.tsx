import { Button, Code, Group, Paper, Stack, Text } from "@mantine/core";
import type { InstanceSummary } from "@oa/contract/instance";
import type { PendingDevice } from "@oa/contract/runtime";
import { type ReactNode, useState } from "react";
import { deviceFacts, deviceName, runsOut, shortId } from "../../lib/deviceView.ts";
import { formatCountdown } from "../../lib/format.ts";
import { openclawApi } from "../../lib/openclawApi.ts";
import { ConfirmDialog } from "../ui/ConfirmDialog.tsx";
import { RelativeTime } from "../ui/RelativeTime.tsx";
import { Permissions } from "./Permissions.tsx";
import { useRuntimeAct } from "./useRuntimeAct.ts";

interface PendingRequestProps {
  instance: InstanceSummary;
  request: PendingDevice;
  now: number;
  onDecided: (requestId: string) => void;
}

/** One request: who asks, whence, for what, until when, and the code to compare with the device's own screen. */
export function PendingRequest({ instance, request, now, onDecided }: PendingRequestProps) {
  const [asked, setAsked] = useState<"approve" | "reject" | null>(null);
  const name = deviceName(request.client);
  const settle = () => onDecided(request.requestId);
  const approve = useRuntimeAct(
    instance,
    () => openclawApi.approveDevice(request.requestId),
    () => `${name} was approved.`,
  );
  const reject = useRuntimeAct(
    instance,
    () => openclawApi.rejectDevice(request.requestId),
    () => `${name} was rejected.`,
  );
  const close = () => setAsked(null);
  return (
    <Paper component="article" aria-label={`Pairing request of ${name}`} withBorder p="md">
      <Stack gap="sm">
        <Group justify="space-between" align="flex-start" gap="xs">
          <Stack gap={0} miw={0} flex="1 1 220px">
            <Text fw={650} style={{ overflowWrap: "anywhere" }}>
              {name}
            </Text>
            <Text size="sm" c="dimmed" style={{ overflowWrap: "anywhere" }}>
              {deviceFacts(request.client)}
            </Text>
          </Stack>
          {runsOut(request) && (
            <Text size="sm" style={{ fontVariantNumeric: "tabular-nums" }}>
              {formatCountdown(request.expiresAt, now)} left
            </Text>
          )}
        </Group>
        <Group gap="xl" align="flex-start" style={{ rowGap: 8 }}>
          <Fact label="Asked">
            <RelativeTime at={request.requestedAt} />
          </Fact>
          <Fact label="From">{request.remoteIp ?? "unknown address"}</Fact>
          <Fact label="Device id">
            <Code>{shortId(request.deviceId)}</Code>
          </Fact>
          <Fact label="Request id, as the device shows it">
            <Code style={{ overflowWrap: "anywhere" }}>{request.requestId}</Code>
          </Fact>
        </Group>
        <Stack gap={4}>
          <Text size="sm" fw={600}>
            It asks for
          </Text>
          <Permissions role={request.role} scopes={request.scopes} />
        </Stack>
        <Group gap="sm">
          <Button onClick={() => setAsked("approve")}>Approve</Button>
          <Button variant="default" onClick={() => setAsked("reject")}>
            Reject
          </Button>
        </Group>
      </Stack>
      <ConfirmDialog
        opened={asked === "approve"}
        onClose={close}
        title={`Approve ${name}?`}
        confirm="Approve"
        act={() => approve.mutateAsync()}
        onDone={settle}
      >
        <Text size="sm">
          Approve only a device that you hold yourself and that shows the request id <Code>{request.requestId}</Code>.
          From now on it may:
        </Text>
        <Permissions role={request.role} scopes={request.scopes} />
      </ConfirmDialog>
      <ConfirmDialog
        opened={asked === "reject"}
        onClose={close}
        title={`Reject ${name}?`}
        confirm="Reject"
        danger
        act={() => reject.mutateAsync()}
        onDone={settle}
      >
        <Text size="sm">It is not let in. It may ask again as long as it knows your gateway's token.</Text>
      </ConfirmDialog>
    </Paper>
  );
}

function Fact({ label, children }: { label: string; children: ReactNode }) {
  return (
    <Stack gap={0} miw={0}>
      <Text size="xs" c="dimmed">
        {label}
      </Text>
      <Text size="sm">{children}</Text>
    </Stack>
  );
}
