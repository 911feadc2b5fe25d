import { Button, Text } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { IconRotateClockwise } from "@tabler/icons-react";
import { useState } from "react";
import { openclawApi } from "../../lib/openclawApi.ts";
import { ConfirmDialog } from "../ui/ConfirmDialog.tsx";

/** A new secret for the hosted OpenClaw's key. Nobody sees it: it goes straight to the gateway. */
export function RotateInstanceKey() {
  const [asked, setAsked] = useState(false);
  return (
    <>
      <Button
        variant="default"
        size="xs"
        leftSection={<IconRotateClockwise size={16} aria-hidden />}
        onClick={() => setAsked(true)}
      >
        Rotate
      </Button>
      <ConfirmDialog
        opened={asked}
        onClose={() => setAsked(false)}
        title="Rotate your OpenClaw's key?"
        confirm="Rotate the key"
        act={() => openclawApi.rotateInferenceKey()}
        onDone={() =>
          notifications.show({
            color: "green",
            message: "The new secret is on its way to the gateway.",
            role: "status",
          })
        }
      >
        <Text size="sm">
          Your OpenClaw gets a new secret by itself, without a restart; nobody sees it. The present one works for ten
          more minutes.
        </Text>
      </ConfirmDialog>
    </>
  );
}
