import { Button } from "@mantine/core";
import { IconPlus } from "@tabler/icons-react";

/** Opens the dialog of a new key. */
export function NewKeyButton({ onClick }: { onClick: () => void }) {
  return (
    <Button leftSection={<IconPlus size={16} aria-hidden />} onClick={onClick}>
      New key
    </Button>
  );
}
