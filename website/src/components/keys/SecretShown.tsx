import { Alert, Button, Group, Stack } from "@mantine/core";
import { IconAlertTriangle } from "@tabler/icons-react";
import { SecretLine } from "../account/SecretLine.tsx";
import { KeySnippets } from "./KeySnippets.tsx";

/** A new secret, this once, and how to use it. The code reads it from the environment. */
export function SecretShown({ secret, onDone }: { secret: string; onDone: () => void }) {
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
      <KeySnippets />
      <Group justify="flex-end">
        <Button onClick={onDone}>I have stored it</Button>
      </Group>
    </Stack>
  );
}
