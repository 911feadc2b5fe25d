import { Group, Text } from "@mantine/core";
import type { InstanceStatus } from "@oa/contract/instance";
import { STATUS_VIEWS } from "../../lib/instanceView.ts";
import { StatusIcon } from "../openclaw/StatusIcon.tsx";

/** A status in one line: picture and word. */
export function StatusBadge({ status }: { status: InstanceStatus }) {
  const { word, tone } = STATUS_VIEWS[status];
  return (
    <Group gap={6} wrap="nowrap">
      <StatusIcon tone={tone} size={20} />
      <Text span size="sm" fw={600}>
        {word}
      </Text>
    </Group>
  );
}
