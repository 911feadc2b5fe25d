import { Button, List, Stack, Text } from "@mantine/core";
import { IconRocket } from "@tabler/icons-react";
import { useMutation } from "@tanstack/react-query";
import { openclawApi } from "../../lib/openclawApi.ts";
import { Failure } from "../ui/Failure.tsx";
import { Panel } from "../ui/Panel.tsx";

/** The one button. A second press asks for the same thing and gets it. */
export function CreatePanel() {
  const create = useMutation({ mutationFn: () => openclawApi.startInstance() });
  return (
    <Panel title="What you get">
      <List size="sm" spacing={6}>
        <List.Item>A real OpenClaw gateway of your own, with its own storage and keys.</List.Item>
        <List.Item>
          An address that your phone, your terminal and your browser connect to, once you have approved them.
        </List.Item>
        <List.Item>Restarts after crashes, logs you can read, and backups you can go back to.</List.Item>
      </List>
      {create.isError && <Failure title="It was not created" error={create.error} />}
      <Stack gap="xs" align="flex-start">
        <Button
          size="md"
          leftSection={<IconRocket size={18} aria-hidden />}
          loading={create.isPending || create.isSuccess}
          onClick={() => create.mutate()}
        >
          Create my OpenClaw
        </Button>
        <Text size="sm" c="dimmed">
          It takes about a minute. You can stop or delete it at any time.
        </Text>
      </Stack>
    </Panel>
  );
}
