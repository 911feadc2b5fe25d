import { Box, Code, Group, Text } from "@mantine/core";
import { CopyIcon } from "./CopyButton.tsx";

/** A command or value to take along: wraps instead of scrolling, copies with one click. */
export function CodeLine({ label, value, copyLabel }: { label: string; value: string; copyLabel: string }) {
  return (
    <Box>
      <Text size="sm" fw={500} mb={4}>
        {label}
      </Text>
      <Group gap={4} align="flex-start" wrap="nowrap">
        <Code block flex={1} miw={0} style={{ whiteSpace: "pre-wrap", overflowWrap: "anywhere" }}>
          {value}
        </Code>
        <CopyIcon value={value} label={copyLabel} />
      </Group>
    </Box>
  );
}
