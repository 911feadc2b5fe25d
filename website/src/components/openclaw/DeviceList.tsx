import { Badge, Button, Code, EmptyState, Group, Stack, Text } from "@mantine/core";
import type { InstanceSummary } from "@oa/contract/instance";
import type { DeviceLists, PairedDevice } from "@oa/contract/runtime";
import { IconDevices } from "@tabler/icons-react";
import { useState } from "react";
import { deviceFacts, deviceName, openRequests, shortId } from "../../lib/deviceView.ts";
import { openclawApi } from "../../lib/openclawApi.ts";
import { useNow } from "../../lib/useNow.ts";
import { Announcement } from "../ui/Announcement.tsx";
import { ConfirmDialog } from "../ui/ConfirmDialog.tsx";
import { ListRow, RowList } from "../ui/Lists.tsx";
import { Panel } from "../ui/Panel.tsx";
import { RelativeTime } from "../ui/RelativeTime.tsx";
import { PendingRequest } from "./PendingRequest.tsx";
import { Permissions } from "./Permissions.tsx";
import { useRuntimeAct } from "./useRuntimeAct.ts";

/** Who asks to come in, then who is in. `decided` requests were answered here and wait for the gateway's word. */
export function DeviceList({ instance, devices }: { instance: InstanceSummary; devices: DeviceLists }) {
  const now = useNow(1_000);
  const [decided, setDecided] = useState<ReadonlySet<string>>(new Set());
  const waiting = openRequests(devices, now).filter((request) => !decided.has(request.requestId));
  const markDecided = (requestId: string) => setDecided((before) => new Set(before).add(requestId));
  return (
    <>
      <Panel
        title="Waiting for you"
        description="A device that asks for pairing stands here until you decide or its time is up."
        {...(waiting.length > 0 ? { aside: <Badge color="claw.8">{waiting.length} waiting</Badge> } : {})}
      >
        <Announcement>
          {waiting.length === 0 ? "No request is waiting." : `${String(waiting.length)} waiting for you.`}
        </Announcement>
        {waiting.length === 0 && (
          <Text size="sm" c="dimmed">
            Nobody is asking. Point a device at your gateway, and its request shows up here at once.
          </Text>
        )}
        {waiting.map((request) => (
          <PendingRequest
            key={request.requestId}
            instance={instance}
            request={request}
            now={now}
            onDecided={markDecided}
          />
        ))}
      </Panel>
      <Panel title="Paired devices" description="They may connect until you remove them.">
        {devices.paired.length === 0 ? (
          <EmptyState
            icon={<IconDevices aria-hidden />}
            title="No device is paired yet"
            description="Connect one below. It asks for pairing first, and you approve it here."
          />
        ) : (
          <RowList label="Paired devices">
            {devices.paired.map((device) => (
              <Paired key={device.deviceId} instance={instance} device={device} />
            ))}
          </RowList>
        )}
      </Panel>
    </>
  );
}

function Paired({ instance, device }: { instance: InstanceSummary; device: PairedDevice }) {
  const [asked, setAsked] = useState(false);
  const name = deviceName(device.client);
  const remove = useRuntimeAct(
    instance,
    () => openclawApi.removeDevice(device.deviceId),
    () => `${name} was removed.`,
  );
  return (
    <ListRow>
      <Stack gap={2} miw={0} flex="1 1 260px">
        <Group gap="xs">
          <Text fw={600} style={{ overflowWrap: "anywhere" }}>
            {name}
          </Text>
          <Badge variant="light" color={device.connected ? "green" : "gray"} autoContrast={false}>
            {device.connected ? "Connected" : "Not connected"}
          </Badge>
        </Group>
        <Text size="sm" c="dimmed" style={{ overflowWrap: "anywhere" }}>
          {deviceFacts(device.client)} · id <Code>{shortId(device.deviceId)}</Code>
        </Text>
        <Text size="sm" c="dimmed">
          Paired <RelativeTime at={device.pairedAt} />
          {device.connected ? null : (
            <>
              {" · "}
              {device.lastSeenAt === undefined ? (
                "not seen since"
              ) : (
                <>
                  last seen <RelativeTime at={device.lastSeenAt} />
                </>
              )}
            </>
          )}
        </Text>
      </Stack>
      <Button variant="default" size="xs" onClick={() => setAsked(true)} aria-label={`Remove ${name}`}>
        Remove
      </Button>
      <ConfirmDialog
        opened={asked}
        onClose={() => setAsked(false)}
        title={`Remove ${name}?`}
        confirm="Remove"
        danger
        act={() => remove.mutateAsync()}
      >
        <Text size="sm">
          It is disconnected and cannot come back without asking for pairing again. It loses what it may do today:
        </Text>
        <Permissions role={device.role} scopes={device.scopes} />
      </ConfirmDialog>
    </ListRow>
  );
}
