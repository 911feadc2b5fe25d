import { ThemeIcon } from "@mantine/core";
import {
  IconAlertTriangle,
  IconCircleCheck,
  IconCircleX,
  IconLoader2,
  IconPlayerPause,
  type TablerIcon,
} from "@tabler/icons-react";
import type { StatusView } from "../../lib/instanceView.ts";

const LOOKS: Readonly<Record<StatusView["tone"], { color: string; Icon: TablerIcon }>> = {
  good: { color: "green", Icon: IconCircleCheck },
  busy: { color: "blue", Icon: IconLoader2 },
  warn: { color: "orange", Icon: IconAlertTriangle },
  bad: { color: "red", Icon: IconCircleX },
  off: { color: "gray", Icon: IconPlayerPause },
};

/** The picture of a status; the word beside it says the same. */
export function StatusIcon({ tone, size = 44 }: { tone: StatusView["tone"]; size?: number }) {
  const { color, Icon } = LOOKS[tone];
  return (
    <ThemeIcon variant="light" color={color} size={size} radius="xl" aria-hidden>
      <Icon size={size * 0.6} stroke={1.8} />
    </ThemeIcon>
  );
}
