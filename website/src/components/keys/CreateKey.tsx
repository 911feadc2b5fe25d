import { Button } from "@mantine/core";
import { IconPlus } from "@tabler/icons-react";
import { useState } from "react";
import { creditsApi } from "../../lib/creditsApi.ts";
import { creationOf, EMPTY_KEY } from "../../lib/keyForm.ts";
import { KeyForm } from "./KeyForm.tsx";
import { SecretModal } from "./SecretModal.tsx";

/** The way to a new key: its fields, then its secret. */
export function CreateKey() {
  const [opened, setOpened] = useState(false);
  const [secret, setSecret] = useState<string | null>(null);
  function close() {
    setOpened(false);
    setSecret(null);
  }
  return (
    <>
      <Button leftSection={<IconPlus size={16} aria-hidden />} onClick={() => setOpened(true)}>
        New key
      </Button>
      <SecretModal
        opened={opened}
        onClose={close}
        title={secret === null ? "A new key" : "Your new key"}
        secret={secret}
      >
        <KeyForm
          initial={EMPTY_KEY}
          confirm="Create the key"
          failed="The key was not created"
          submit={(fields) => creditsApi.createKey(creationOf(fields))}
          onCancel={close}
          onDone={({ key }) => setSecret(key)}
        />
      </SecretModal>
    </>
  );
}
