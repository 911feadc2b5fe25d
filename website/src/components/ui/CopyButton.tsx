import { ActionIcon, Button, CopyButton as Copy, Tooltip } from "@mantine/core";
import { IconCheck, IconCopy } from "@tabler/icons-react";

interface CopyProps {
  /** What goes to the clipboard. */
  value: string;
  /** What it is, for the button's name: "Copy the request id". */
  label: string;
}

/** An icon that copies. The name changes to "Copied", so that it is heard as well as seen. */
export function CopyIcon({ value, label }: CopyProps) {
  return (
    <Copy value={value} timeout={2000}>
      {({ copied, copy }) => (
        <Tooltip label={copied ? "Copied" : label}>
          <ActionIcon variant="subtle" size="md" onClick={copy} aria-label={copied ? `Copied: ${label}` : label}>
            {copied ? <IconCheck size={16} aria-hidden /> : <IconCopy size={16} aria-hidden />}
          </ActionIcon>
        </Tooltip>
      )}
    </Copy>
  );
}

/** The same as a button with words. */
export function CopyTextButton({ value, label }: CopyProps) {
  return (
    <Copy value={value} timeout={2000}>
      {({ copied, copy }) => (
        <Button
          variant="default"
          size="xs"
          onClick={copy}
          leftSection={copied ? <IconCheck size={14} aria-hidden /> : <IconCopy size={14} aria-hidden />}
        >
          {copied ? "Copied" : label}
        </Button>
      )}
    </Copy>
  );
}
