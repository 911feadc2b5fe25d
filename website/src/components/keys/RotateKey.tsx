import { Button, Group, Radio, Stack, Text } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { creditsApi } from "../../lib/creditsApi.ts";
import { Failure } from "../ui/Failure.tsx";
import { SecretModal } from "./SecretModal.tsx";

/** How long the secret of before goes on working, in seconds. */
const GRACES = [
  { value: "0", label: "It stops at once", description: "Right where the secret has leaked." },
  { value: "600", label: "10 minutes more", description: "Time to put the new one in place." },
  { value: "3600", label: "1 hour more", description: null },
  { value: "86400", label: "24 hours more", description: "For programs that are deployed once a day." },
] as const;

interface RotateKeyProps {
  opened: boolean;
  onClose: () => void;
  hash: string;
  name: string;
}

/** A new secret for a key that keeps its name, limit and history. */
export function RotateKey({ opened, onClose, hash, name }: RotateKeyProps) {
  const [secret, setSecret] = useState<string | null>(null);
  function close() {
    onClose();
    setSecret(null);
  }
  return (
    <SecretModal
      opened={opened}
      onClose={close}
      title={secret === null ? `Rotate ${name}?` : `The new secret of ${name}`}
      secret={secret}
    >
      <Choice hash={hash} onCancel={close} onDone={setSecret} />
    </SecretModal>
  );
}

function Choice({ hash, onCancel, onDone }: { hash: string; onCancel: () => void; onDone: (secret: string) => void }) {
  const [grace, setGrace] = useState("600");
  const rotate = useMutation({
    mutationFn: () => creditsApi.rotateKey(hash, { grace_seconds: Number(grace) }),
    onSuccess: ({ key }) => onDone(key),
    gcTime: 0,
  });
  return (
    <Stack gap="md">
      <Text size="sm">
        The key gets a new secret. Its name, limit, end and usage stay. Every program that has the present secret needs
        the new one before the present one stops.
      </Text>
      <Radio.Group label="The present secret" value={grace} onChange={setGrace}>
        <Stack gap="xs" mt="xs">
          {GRACES.map(({ value, label, description }) => (
            <Radio key={value} value={value} label={label} {...(description === null ? {} : { description })} />
          ))}
        </Stack>
      </Radio.Group>
      {rotate.isError && <Failure title="The key was not rotated" error={rotate.error} />}
      <Group justify="flex-end" gap="sm">
        <Button variant="default" onClick={onCancel}>
          Cancel
        </Button>
        <Button loading={rotate.isPending} onClick={() => rotate.mutate()}>
          Rotate the key
        </Button>
      </Group>
    </Stack>
  );
}
