import { Stack, Text } from "@mantine/core";
import type { PropsWithChildren } from "react";

/** A number with its name under it. Children stand below both. */
export function Figure({ value, label, children }: PropsWithChildren<{ value: string; label: string }>) {
  return (
    <Stack gap={0}>
      <Text fz="lg" fw={600} style={{ fontVariantNumeric: "tabular-nums" }}>
        {value}
      </Text>
      <Text size="sm" c="dimmed">
        {label}
      </Text>
      {children}
    </Stack>
  );
}
