import { Modal } from "@mantine/core";
import type { ReactNode } from "react";
import { SecretShown } from "./SecretShown.tsx";

interface SecretModalProps {
  opened: boolean;
  onClose: () => void;
  title: string;
  /** The secret once there is one; until then the children are shown. */
  secret: string | null;
  children: ReactNode;
}

/** A dialog that ends in a secret: from then on neither Escape nor a click beside it closes it, only its button does. */
export function SecretModal({ opened, onClose, title, secret, children }: SecretModalProps) {
  const shown = secret !== null;
  return (
    <Modal
      opened={opened}
      onClose={onClose}
      title={title}
      centered
      size="lg"
      closeOnEscape={!shown}
      closeOnClickOutside={!shown}
      withCloseButton={!shown}
      closeButtonProps={{ "aria-label": "Close" }}
    >
      {shown ? <SecretShown secret={secret} onDone={onClose} /> : children}
    </Modal>
  );
}
