import { Stack, Text, Title } from "@mantine/core";
import { LinkButton } from "../ui/Links.tsx";
import { PlainFrame } from "./PlainFrame.tsx";

export function NotFoundPage() {
  return (
    <PlainFrame size="xs">
      <title>Not found · OpenClaw</title>
      <Stack gap="md" align="flex-start">
        <Title order={1}>There is no page here</Title>
        <Text c="dimmed">The address may be mistyped, or the page may have moved.</Text>
        <LinkButton to="/openclaw">Go to my OpenClaw</LinkButton>
      </Stack>
    </PlainFrame>
  );
}
