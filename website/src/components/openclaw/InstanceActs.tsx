import { Button, Group, Stack, Text } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import type { InstanceSummary } from "@oa/contract/instance";
import { IconPlayerPlay, IconPlayerStop, IconRefresh } from "@tabler/icons-react";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import type { InstanceAct } from "../../lib/instanceView.ts";
import { openclawApi } from "../../lib/openclawApi.ts";
import { ConfirmDialog } from "../ui/ConfirmDialog.tsx";
import { Failure } from "../ui/Failure.tsx";
import { RestartControl } from "./RestartControl.tsx";

/** The buttons of a status. Deleting is not here: it has its own place, away from everyday acts. */
export function InstanceActs({ instance, acts }: { instance: InstanceSummary; acts: readonly InstanceAct[] }) {
  const [stopAsked, setStopAsked] = useState(false);
  const start = useMutation({ mutationFn: () => openclawApi.startInstance() });
  const startable = acts.includes("start") || acts.includes("retry");
  if (!startable && !acts.includes("stop") && !acts.includes("restart")) return null;
  return (
    <Stack gap="sm">
      {start.isError && <Failure title="It was not started" error={start.error} />}
      <Group gap="sm" align="flex-start">
        {startable && (
          <Button
            leftSection={
              acts.includes("retry") ? <IconRefresh size={16} aria-hidden /> : <IconPlayerPlay size={16} aria-hidden />
            }
            loading={start.isPending}
            onClick={() => start.mutate()}
          >
            {acts.includes("retry") ? "Try again" : "Start"}
          </Button>
        )}
        {acts.includes("restart") && <RestartControl instance={instance} />}
        {acts.includes("stop") && (
          <Button
            variant="default"
            leftSection={<IconPlayerStop size={16} aria-hidden />}
            onClick={() => setStopAsked(true)}
          >
            Stop
          </Button>
        )}
      </Group>
      <ConfirmDialog
        opened={stopAsked}
        onClose={() => setStopAsked(false)}
        title="Stop your OpenClaw?"
        confirm="Stop"
        act={() => openclawApi.stopInstance()}
        onDone={() => notifications.show({ message: "Stopping. You can start it again at any time.", role: "status" })}
      >
        <Text size="sm">
          Devices are disconnected and the agent does nothing until you start it again. Its data, its backups and your
          paired devices are kept.
        </Text>
      </ConfirmDialog>
    </Stack>
  );
}
