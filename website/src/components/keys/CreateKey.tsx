import { useState } from "react";
import { creditsApi } from "../../lib/creditsApi.ts";
import { creationOf, EMPTY_KEY } from "../../lib/keyForm.ts";
import { KeyForm } from "./KeyForm.tsx";
import { SecretModal } from "./SecretModal.tsx";

/**
 * The way to a new key: its fields, then its secret. Stands outside whatever depends on the list of keys: the new key
 * enters the list before its secret is shown, and what is drawn anew then must not take the secret with it.
 */
export function CreateKey({ opened, onClose }: { opened: boolean; onClose: () => void }) {
  const [secret, setSecret] = useState<string | null>(null);
  function close() {
    onClose();
    setSecret(null);
  }
  return (
    <SecretModal opened={opened} onClose={close} title={secret === null ? "A new key" : "Your new key"} secret={secret}>
      <KeyForm
        initial={EMPTY_KEY}
        confirm="Create the key"
        failed="The key was not created"
        submit={(fields) => creditsApi.createKey(creationOf(fields))}
        onCancel={close}
        onDone={({ key }) => setSecret(key)}
      />
    </SecretModal>
  );
}
