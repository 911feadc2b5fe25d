import { Group, Paper, Stack, Text, Title } from "@mantine/core";
import { type PropsWithChildren, type ReactNode, useId } from "react";

interface PanelProps {
  title: string;
  description?: ReactNode;
  /** Buttons or a badge beside the title. */
  aside?: ReactNode;
  danger?: boolean;
}

/** One subject of a page: a region named by its heading. */
export function Panel({ title, description, aside, danger = false, children }: PropsWithChildren<PanelProps>) {
  const id = useId();
  return (
    <Paper
      component="section"
      aria-labelledby={id}
      withBorder
      p={{ base: "md", sm: "lg" }}
      {...(danger ? { style: { borderColor: "var(--mantine-color-error)" } } : {})}
    >
      <Stack gap="md">
        <Group justify="space-between" align="flex-start" gap="sm">
          <Stack gap={2} flex="1 1 240px" miw={0}>
            <Title order={2} size="h4" id={id}>
              {title}
            </Title>
            {description !== undefined && (
              <Text size="sm" c="dimmed">
                {description}
              </Text>
            )}
          </Stack>
          {aside}
        </Group>
        {children}
      </Stack>
    </Paper>
  );
}
