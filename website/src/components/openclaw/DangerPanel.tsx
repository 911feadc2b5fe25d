import { Button, List, Stack, Text } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { IconTrash } from "@tabler/icons-react";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { openclawApi } from "../../lib/openclawApi.ts";
import { ConfirmDialog } from "../ui/ConfirmDialog.tsx";
import { Panel } from "../ui/Panel.tsx";

/** The end of an instance, away from everyday acts and behind typed words. */
export function DangerPanel() {
  const [asked, setAsked] = useState(false);
  const navigate = useNavigate();
  return (
    <Panel title="Delete" description="Removes your OpenClaw for good. Your account and your credits stay." danger>
      <Button
        variant="outline"
        color="red"
        c="var(--mantine-color-error)"
        leftSection={<IconTrash size={16} aria-hidden />}
        onClick={() => setAsked(true)}
        style={{ alignSelf: "flex-start" }}
      >
        Delete my OpenClaw
      </Button>
      <ConfirmDialog
        opened={asked}
        onClose={() => setAsked(false)}
        title="Delete your OpenClaw?"
        confirm="Delete"
        phrase="delete my openclaw"
        danger
        act={() => openclawApi.deleteInstance()}
        onDone={() => {
          notifications.show({ message: "Your OpenClaw is being deleted.", role: "status" });
          void navigate({ to: "/openclaw" });
        }}
      >
        <Stack gap="xs">
          <Text size="sm">This cannot be undone. Gone with it are:</Text>
          <List size="sm">
            <List.Item>the agent's memory, sessions, files and settings</List.Item>
            <List.Item>all backups</List.Item>
            <List.Item>the pairing of every device</List.Item>
          </List>
        </Stack>
      </ConfirmDialog>
    </Panel>
  );
}
