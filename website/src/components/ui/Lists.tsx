import { Box, Group, Stack, ThemeIcon } from "@mantine/core";
import type { PropsWithChildren, ReactNode } from "react";

const NO_MARKERS = { listStyle: "none", padding: 0, margin: 0 };

/** Rows that are a list by meaning, without bullets. Children are `ListRow`s or `<li>`s. */
export function RowList({ label, children }: PropsWithChildren<{ label: string }>) {
  return (
    <Stack component="ul" gap="md" aria-label={label} style={NO_MARKERS}>
      {children}
    </Stack>
  );
}

/** One row: content to the left, what can be done with it to the right. */
export function ListRow({ children }: PropsWithChildren) {
  return (
    <Group component="li" justify="space-between" align="flex-start" gap="sm">
      {children}
    </Group>
  );
}

/** Things in the order of time, joined by a line. Children are `TimelineItem`s. */
export function TimelineList({ label, children }: PropsWithChildren<{ label: string }>) {
  return (
    <Box component="ol" aria-label={label} style={NO_MARKERS}>
      {children}
    </Box>
  );
}

interface TimelineItemProps {
  icon: ReactNode;
  /** Colour of the icon's ground; what it says is said in words too. */
  color: string;
  title: ReactNode;
  /** Under way right now. */
  current?: boolean;
  last: boolean;
}

export function TimelineItem({
  icon,
  color,
  title,
  current = false,
  last,
  children,
}: PropsWithChildren<TimelineItemProps>) {
  return (
    <Group
      component="li"
      gap="sm"
      align="flex-start"
      wrap="nowrap"
      pos="relative"
      pb={last ? 0 : "md"}
      {...(current ? { "aria-current": "step" as const } : {})}
    >
      {!last && <Box pos="absolute" left={12} top={26} bottom={0} w={2} bg="var(--mantine-color-default-border)" />}
      <ThemeIcon variant="light" color={color} size={26} radius="xl" aria-hidden>
        {icon}
      </ThemeIcon>
      <Stack gap={0} miw={0} pt={1}>
        {title}
        {children}
      </Stack>
    </Group>
  );
}
