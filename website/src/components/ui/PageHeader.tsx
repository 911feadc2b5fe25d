import { Group, Stack, Text, Title } from "@mantine/core";
import type { PropsWithChildren, ReactNode } from "react";

/** A page's name and what it is for. Children stand to the right of the title. */
export function PageHeader({
  title,
  description,
  children,
}: PropsWithChildren<{ title: string; description?: ReactNode }>) {
  return (
    <Group justify="space-between" align="flex-start" gap="md">
      <Stack gap={4} flex="1 1 320px" miw={0}>
        <Title order={1} size="h2">
          {title}
        </Title>
        {description !== undefined && <Text c="dimmed">{description}</Text>}
      </Stack>
      {children}
    </Group>
  );
}
