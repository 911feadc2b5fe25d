import { Alert, Anchor, Button, Group, PasswordInput, Stack, Tabs, Text } from "@mantine/core";
import type { ConnectInfo } from "@oa/contract/runtime";
import { IconAlertTriangle, IconKey } from "@tabler/icons-react";
import { useMutation } from "@tanstack/react-query";
import { connectCommands } from "../../lib/connectCommands.ts";
import { openclawApi } from "../../lib/openclawApi.ts";
import { CodeLine } from "../ui/CodeLine.tsx";
import { CopyTextButton } from "../ui/CopyButton.tsx";
import { Failure } from "../ui/Failure.tsx";
import { Panel } from "../ui/Panel.tsx";

/** How to point a device at the gateway. The token comes only when asked for, and is dropped when hidden or left. */
export function ConnectDevicePanel({ reachable }: { reachable: boolean }) {
  const connect = useMutation({ mutationFn: () => openclawApi.connectInfo(), gcTime: 0 });
  return (
    <Panel
      title="Connect a device"
      description="Run one command on the device. It shows a request id: approve that request above. If the command has ended by then, run it again."
    >
      {connect.isError && <Failure title="The address and token did not come" error={connect.error} />}
      {connect.data === undefined ? (
        <Group gap="sm">
          <Button
            leftSection={<IconKey size={16} aria-hidden />}
            loading={connect.isPending}
            disabled={!reachable}
            onClick={() => connect.mutate()}
          >
            Show how to connect
          </Button>
          <Text size="sm" c="dimmed" flex="1 1 240px">
            {reachable
              ? "This shows your gateway's token. It is noted in your activity."
              : "Your OpenClaw has to be running for that."}
          </Text>
        </Group>
      ) : (
        <Ways info={connect.data} onHide={() => connect.reset()} />
      )}
    </Panel>
  );
}

function Ways({ info, onHide }: { info: ConnectInfo; onHide: () => void }) {
  const commands = connectCommands(info);
  return (
    <Stack gap="md">
      <Alert
        color="orange"
        variant="outline"
        icon={<IconAlertTriangle aria-hidden />}
        title="Keep the token to yourself"
      >
        Whoever has it can ask to be paired. Nobody gets in without your approval, but do not post it or leave it in a
        shared terminal.
      </Alert>
      <Tabs defaultValue="chat" keepMounted={false} styles={{ tab: { paddingInline: 10 } }}>
        <Tabs.List>
          <Tabs.Tab value="chat">Terminal</Tabs.Tab>
          <Tabs.Tab value="browser">Browser</Tabs.Tab>
          <Tabs.Tab value="node">Computer</Tabs.Tab>
          <Tabs.Tab value="app">App</Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="chat" pt="md">
          <CodeLine label="Chat with your agent in a terminal" value={commands.chat} copyLabel="Copy the command" />
        </Tabs.Panel>
        <Tabs.Panel value="browser" pt="md">
          <Stack gap="sm">
            <Text size="sm">
              Open the{" "}
              <Anchor href={commands.controlUi} target="_blank" rel="noreferrer" underline="always">
                Control UI of your gateway
              </Anchor>{" "}
              and paste the token when it asks.
            </Text>
            <Token token={info.token} />
          </Stack>
        </Tabs.Panel>
        <Tabs.Panel value="node" pt="md">
          <CodeLine
            label="Lend this computer to your agent: it can then run commands on it"
            value={commands.node}
            copyLabel="Copy the command"
          />
        </Tabs.Panel>
        <Tabs.Panel value="app" pt="md">
          <Stack gap="sm">
            <CodeLine label="Gateway address" value={info.url} copyLabel="Copy the address" />
            <Token token={info.token} />
          </Stack>
        </Tabs.Panel>
      </Tabs>
      <Button variant="default" size="xs" onClick={onHide} style={{ alignSelf: "flex-start" }}>
        Hide
      </Button>
    </Stack>
  );
}

function Token({ token }: { token: string }) {
  return (
    <Group gap="sm" align="flex-end">
      <PasswordInput
        label="Token"
        value={token}
        readOnly
        flex="1 1 220px"
        autoComplete="off"
        visibilityToggleButtonProps={{ "aria-label": "Show or hide the token", tabIndex: 0 }}
      />
      <CopyTextButton value={token} label="Copy the token" />
    </Group>
  );
}
