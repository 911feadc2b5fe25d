import { Box, Container, Group } from "@mantine/core";
import { type PropsWithChildren, useContext } from "react";
import { ColorSchemeMenu } from "../ui/ColorSchemeMenu.tsx";
import { Brand } from "./Brand.tsx";
import { InAppFrame } from "./InAppFrame.ts";

/** The frame of pages that need no session: brand, colour scheme, content. Only the content where a frame is there already. */
export function PlainFrame({ children, size }: PropsWithChildren<{ size: "xs" | "md" }>) {
  if (useContext(InAppFrame)) return <>{children}</>;
  return (
    <Box mih="100dvh" bg="var(--oa-surface)">
      <Group component="header" justify="space-between" px="md" h={60}>
        <Brand to="/" />
        <ColorSchemeMenu />
      </Group>
      <Container component="main" size={size} py={{ base: "lg", sm: 64 }} px="md">
        {children}
      </Container>
    </Box>
  );
}
