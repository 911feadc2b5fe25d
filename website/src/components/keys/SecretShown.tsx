import { Alert, Button, Group, Stack, Tabs } from "@mantine/core";
import { IconAlertTriangle } from "@tabler/icons-react";
import { apiBase, snippets } from "../../lib/keyView.ts";
import { SecretLine } from "../account/SecretLine.tsx";
import { CodeLine } from "../ui/CodeLine.tsx";

/** A new secret, this once, and how to use it. The code reads it from the environment. */
export function SecretShown({ secret, onDone }: { secret: string; onDone: () => void }) {
  const base = apiBase(window.location.origin);
  const code = snippets(base);
  return (
    <Stack gap="md">
      <Alert
        role="note"
        color="orange"
        variant="outline"
        icon={<IconAlertTriangle aria-hidden />}
        title="This is the only time it is shown"
      >
        Copy it now and keep it where secrets belong. Only its fingerprint is stored here; a lost key is rotated.
      </Alert>
      <SecretLine label="The key" value={secret} copyLabel="Copy the key" />
      <Tabs defaultValue="curl" keepMounted={false} styles={{ tab: { paddingInline: 10 } }}>
        <Tabs.List aria-label="How to use it">
          <Tabs.Tab value="curl">curl</Tabs.Tab>
          <Tabs.Tab value="javascript">JavaScript</Tabs.Tab>
          <Tabs.Tab value="python">Python</Tabs.Tab>
          <Tabs.Tab value="other">Other programs</Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="curl" pt="md">
          <CodeLine label="With the key in OPENAI_API_KEY" value={code.curl} copyLabel="Copy the command" />
        </Tabs.Panel>
        <Tabs.Panel value="javascript" pt="md">
          <CodeLine label="The package openai, from npm" value={code.javascript} copyLabel="Copy the code" />
        </Tabs.Panel>
        <Tabs.Panel value="python" pt="md">
          <CodeLine label="The package openai, from PyPI" value={code.python} copyLabel="Copy the code" />
        </Tabs.Panel>
        <Tabs.Panel value="other" pt="md">
          <CodeLine
            label="Whatever speaks OpenAI's API takes this address, and the key as its API key"
            value={base}
            copyLabel="Copy the address"
          />
        </Tabs.Panel>
      </Tabs>
      <Group justify="flex-end">
        <Button onClick={onDone}>I have stored it</Button>
      </Group>
    </Stack>
  );
}
