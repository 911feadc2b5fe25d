import { Group, PasswordInput } from "@mantine/core";
import { CopyTextButton } from "../ui/CopyButton.tsx";

/** A secret to take along: hidden from glances, copied with one click. */
export function SecretLine({ label, value, copyLabel }: { label: string; value: string; copyLabel: string }) {
  return (
    <Group gap="sm" align="flex-end">
      <PasswordInput
        label={label}
        value={value}
        readOnly
        flex="1 1 220px"
        autoComplete="off"
        visibilityToggleButtonProps={{ "aria-label": "Show or hide it", tabIndex: 0 }}
      />
      <CopyTextButton value={value} label={copyLabel} />
    </Group>
  );
}
