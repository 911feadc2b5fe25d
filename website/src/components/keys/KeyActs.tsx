import { Button, Group, Text } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import type { ProvisionedKey } from "@oa/contract/keys";
import { IconPencil, IconPlayerPause, IconPlayerPlay, IconRotateClockwise, IconTrash } from "@tabler/icons-react";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { creditsApi } from "../../lib/creditsApi.ts";
import { ConfirmDialog } from "../ui/ConfirmDialog.tsx";
import { Failure } from "../ui/Failure.tsx";
import { EditKey } from "./EditKey.tsx";
import { RotateKey } from "./RotateKey.tsx";

type Act = "edit" | "disable" | "rotate" | "revoke";

/** What can be done with a key. The one of the hosted OpenClaw is rotated and ended with its instance, not here. */
export function KeyActs({ apiKey, onRevoked }: { apiKey: ProvisionedKey; onRevoked: () => void }) {
  const [asked, setAsked] = useState<Act | null>(null);
  const { hash, name, disabled } = apiKey;
  const own = apiKey.instance_id === null;
  const enable = useMutation({ mutationFn: () => creditsApi.updateKey(hash, { disabled: false }) });
  const close = () => setAsked(null);
  return (
    <>
      <Group gap="sm">
        <Button
          variant="default"
          size="xs"
          leftSection={<IconPencil size={16} aria-hidden />}
          onClick={() => setAsked("edit")}
        >
          Change
        </Button>
        {disabled ? (
          <Button
            variant="default"
            size="xs"
            leftSection={<IconPlayerPlay size={16} aria-hidden />}
            loading={enable.isPending}
            onClick={() => enable.mutate()}
          >
            Turn on
          </Button>
        ) : (
          <Button
            variant="default"
            size="xs"
            leftSection={<IconPlayerPause size={16} aria-hidden />}
            onClick={() => setAsked("disable")}
          >
            Turn off
          </Button>
        )}
        {own && (
          <Button
            variant="default"
            size="xs"
            leftSection={<IconRotateClockwise size={16} aria-hidden />}
            onClick={() => setAsked("rotate")}
          >
            Rotate
          </Button>
        )}
        {own && (
          <Button
            variant="outline"
            color="red"
            c="var(--mantine-color-error)"
            size="xs"
            leftSection={<IconTrash size={16} aria-hidden />}
            onClick={() => setAsked("revoke")}
          >
            Revoke
          </Button>
        )}
      </Group>
      {enable.isError && <Failure title="The key is still off" error={enable.error} />}
      <EditKey opened={asked === "edit"} onClose={close} apiKey={apiKey} />
      <RotateKey opened={asked === "rotate"} onClose={close} hash={hash} name={name} />
      <ConfirmDialog
        opened={asked === "disable"}
        onClose={close}
        title={`Turn ${name} off?`}
        confirm="Turn off"
        act={() => creditsApi.updateKey(hash, { disabled: true })}
        onDone={() => notifications.show({ color: "green", message: `${name} is off.`, role: "status" })}
      >
        <Text size="sm">
          {own
            ? "Programs that use it are refused until you turn it on again. A call under way is finished."
            : "Your OpenClaw's model calls are refused until you turn it on again. A call under way is finished."}
        </Text>
      </ConfirmDialog>
      <ConfirmDialog
        opened={asked === "revoke"}
        onClose={close}
        title={`Revoke ${name}?`}
        confirm="Revoke"
        phrase={name.toLowerCase()}
        danger
        act={() => creditsApi.revokeKey(hash)}
        onDone={() => {
          notifications.show({ color: "green", message: `${name} was revoked.`, role: "status" });
          onRevoked();
        }}
      >
        <Text size="sm">
          It stops for good, in every program that has it. A call under way is finished. Its usage stays in your
          records.
        </Text>
      </ConfirmDialog>
    </>
  );
}
