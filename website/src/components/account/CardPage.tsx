import { Paper, Stack, Text, Title } from "@mantine/core";
import type { PropsWithChildren, ReactNode } from "react";
import { PlainFrame } from "../layout/PlainFrame.tsx";

/** A page with one subject on one card: signing in, setting a password, confirming an editor. */
export function CardPage({
  title,
  description,
  children,
}: PropsWithChildren<{ title: string; description?: ReactNode }>) {
  return (
    <PlainFrame size="xs">
      <Paper withBorder p={{ base: "md", sm: "xl" }}>
        <Stack gap="lg">
          <Stack gap={4}>
            <Title order={1} size="h2">
              {title}
            </Title>
            {description !== undefined && <Text c="dimmed">{description}</Text>}
          </Stack>
          {children}
        </Stack>
      </Paper>
    </PlainFrame>
  );
}
