import { Group, Stack, Text, Title } from "@mantine/core";
import { type PropsWithChildren, type ReactNode, useEffect, useRef } from "react";

/** Only the first page of a visit leaves the focus where the browser put it. */
let firstPage = true;

/**
 * A page's name. After a change of page the focus moves here, so that keyboards and screen readers start at the top
 * of what is new. Children stand to the right of the title.
 */
export function PageHeader({
  title,
  description,
  children,
}: PropsWithChildren<{ title: string; description?: ReactNode }>) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    if (!firstPage) heading.current?.focus({ preventScroll: true });
    firstPage = false;
  }, []);
  return (
    <Group justify="space-between" align="flex-start" gap="md">
      <Stack gap={4} flex="1 1 320px" miw={0}>
        <Title order={1} size="h2" ref={heading} tabIndex={-1} style={{ outline: "none" }}>
          {title}
        </Title>
        {description !== undefined && <Text c="dimmed">{description}</Text>}
      </Stack>
      {children}
    </Group>
  );
}
