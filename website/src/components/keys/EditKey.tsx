import { Modal } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import type { ProvisionedKey } from "@oa/contract/keys";
import { creditsApi } from "../../lib/creditsApi.ts";
import { changeOf, fieldsOf } from "../../lib/keyForm.ts";
import { KeyForm } from "./KeyForm.tsx";

/** Name, limit, reset and end of a key that is there. Only what was changed is sent. */
export function EditKey({ opened, onClose, apiKey }: { opened: boolean; onClose: () => void; apiKey: ProvisionedKey }) {
  return (
    <Modal
      opened={opened}
      onClose={onClose}
      title={`Change ${apiKey.name}`}
      centered
      closeButtonProps={{ "aria-label": "Close" }}
    >
      <Fields apiKey={apiKey} onClose={onClose} />
    </Modal>
  );
}

/** Inside the modal, so that it begins with the key as it is each time it opens. */
function Fields({ apiKey, onClose }: { apiKey: ProvisionedKey; onClose: () => void }) {
  const before = fieldsOf(apiKey);
  return (
    <KeyForm
      initial={before}
      confirm="Save"
      failed="The key is as it was"
      submit={async (fields) => {
        const change = changeOf(before, fields);
        if (change !== null) await creditsApi.updateKey(apiKey.hash, change);
        return change !== null;
      }}
      onCancel={onClose}
      onDone={(changed) => {
        onClose();
        if (changed) notifications.show({ color: "green", message: `${apiKey.name} was changed.`, role: "status" });
      }}
    />
  );
}
