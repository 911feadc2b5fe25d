import { Button, Code, Group, Modal, Paper, Stack, Text, Title } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import type { DeviceLists, PairedDevice, PendingDevice } from "@oa/contract/runtime";
import { queryOptions, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useObservationOf } from "../../lib/accountLive.ts";
import { adminApi } from "../../lib/adminApi.ts";
import { deviceFacts, deviceName, openRequests, shortId } from "../../lib/deviceView.ts";
import { newestDevices } from "../../lib/devices.ts";
import { useNow } from "../../lib/useNow.ts";
import { Permissions } from "../openclaw/Permissions.tsx";
import { Failure } from "../ui/Failure.tsx";
import { RowList } from "../ui/Lists.tsx";
import { Loading } from "../ui/Loading.tsx";
import { RelativeTime } from "../ui/RelativeTime.tsx";

interface DevicesDialogProps {
  opened: boolean;
  onClose: () => void;
  userId: string;
  name: string;
}

/** Straight from the gateway when the dialog opens and after a decision; in between, the live copy moves by itself. */
const devicesOf = (userId: string) =>
  queryOptions({
    queryKey: ["admin", "devices", userId],
    queryFn: ({ signal }) => adminApi.devices(userId, signal),
  });

/** Someone else's devices: what waits can be approved or rejected for them. */
export function DevicesDialog({ opened, onClose, userId, name }: DevicesDialogProps) {
  return (
    <Modal
      opened={opened}
      onClose={onClose}
      size="lg"
      title={`Devices of ${name}`}
      closeButtonProps={{ "aria-label": "Close" }}
    >
      <Devices userId={userId} />
    </Modal>
  );
}

function Devices({ userId }: { userId: string }) {
  const live = useObservationOf(userId);
  const asked = useQuery(devicesOf(userId));
  const seen = newestDevices(live.state === "ready" ? live.value : null, asked.data);
  if (seen !== null) return <Lists userId={userId} lists={seen.lists} />;
  if (asked.isError)
    return <Failure title="The devices did not load" error={asked.error} onRetry={() => void asked.refetch()} />;
  return <Loading what="the devices" h={160} />;
}

function Lists({ userId, lists }: { userId: string; lists: DeviceLists }) {
  const waiting = openRequests(lists, useNow(1_000));
  return (
    <Stack gap="lg">
      <Stack gap="sm">
        <Title order={3} size="h5">
          Waiting
        </Title>
        {waiting.length === 0 && (
          <Text size="sm" c="dimmed">
            No device asks for pairing.
          </Text>
        )}
        {waiting.map((request) => (
          <Waiting key={request.requestId} userId={userId} request={request} />
        ))}
      </Stack>
      <Stack gap="sm">
        <Title order={3} size="h5">
          Paired
        </Title>
        {lists.paired.length === 0 ? (
          <Text size="sm" c="dimmed">
            No device is paired.
          </Text>
        ) : (
          <RowList label="Paired">
            {lists.paired.map((device) => (
              <Paired key={device.deviceId} device={device} />
            ))}
          </RowList>
        )}
      </Stack>
    </Stack>
  );
}

function Waiting({ userId, request }: { userId: string; request: PendingDevice }) {
  const queryClient = useQueryClient();
  const name = deviceName(request.client);
  const decide = useMutation({
    mutationFn: (approve: boolean) =>
      approve ? adminApi.approveDevice(userId, request.requestId) : adminApi.rejectDevice(userId, request.requestId),
    onSuccess: ({ approved }) =>
      notifications.show({
        color: "green",
        message: `${name} was ${approved ? "approved" : "rejected"}.`,
        role: "status",
      }),
    onSettled: () => queryClient.invalidateQueries(devicesOf(userId)),
  });
  return (
    <Paper component="article" aria-label={`Pairing request of ${name}`} withBorder p="md">
      <Stack gap="sm">
        <Stack gap={0}>
          <Text fw={650} style={{ overflowWrap: "anywhere" }}>
            {name}
          </Text>
          <Text size="sm" c="dimmed" style={{ overflowWrap: "anywhere" }}>
            {deviceFacts(request.client)} · from {request.remoteIp ?? "an unknown address"} · asked{" "}
            <RelativeTime at={request.requestedAt} />
          </Text>
          <Text size="sm" c="dimmed" style={{ overflowWrap: "anywhere" }}>
            Request id, as the device shows it: <Code>{request.requestId}</Code>
          </Text>
        </Stack>
        <Permissions role={request.role} scopes={request.scopes} />
        <Text size="sm">Approve only when its owner has told you this very request id.</Text>
        {decide.isError && <Failure title="Nothing was decided" error={decide.error} />}
        <Group gap="sm">
          <Button
            size="xs"
            loading={decide.isPending && decide.variables}
            disabled={decide.isPending}
            onClick={() => decide.mutate(true)}
          >
            Approve
          </Button>
          <Button
            size="xs"
            variant="default"
            loading={decide.isPending && !decide.variables}
            disabled={decide.isPending}
            onClick={() => decide.mutate(false)}
          >
            Reject
          </Button>
        </Group>
      </Stack>
    </Paper>
  );
}

function Paired({ device }: { device: PairedDevice }) {
  return (
    <Stack component="li" gap={0}>
      <Text size="sm" fw={600} style={{ overflowWrap: "anywhere" }}>
        {deviceName(device.client)}
      </Text>
      <Text size="sm" c="dimmed" style={{ overflowWrap: "anywhere" }}>
        {deviceFacts(device.client)} · id <Code>{shortId(device.deviceId)}</Code> · paired{" "}
        <RelativeTime at={device.pairedAt} />
      </Text>
    </Stack>
  );
}
