import { Group, Paper, SimpleGrid, Stack, Text, ThemeIcon, Title } from "@mantine/core";
import { IconCoin, IconDeviceMobileCheck, IconShieldCheck } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { createFileRoute } from "@tanstack/react-router";
import { PlainFrame } from "../components/layout/PlainFrame.tsx";
import { LinkButton, TextLink } from "../components/ui/Links.tsx";
import { sessionQuery } from "../lib/queries.ts";

export const Route = createFileRoute("/")({ component: LandingPage });

const POINTS = [
  {
    Icon: IconDeviceMobileCheck,
    title: "Yours, and always on",
    text: "A gateway of your own: set up step by step before your eyes, watched, and back by itself after a crash. Backups are one button.",
  },
  {
    Icon: IconShieldCheck,
    title: "No device without your yes",
    text: "Every phone, terminal and browser asks first. You see who asks, from where and for what, and you decide.",
  },
  {
    Icon: IconCoin,
    title: "One balance for everything",
    text: "Credits pay for all you use. Every grant and every cost stands in a ledger that you can read, down to fractions of a cent.",
  },
] as const;

function LandingPage() {
  const session = useQuery(sessionQuery());
  const signedIn = (session.data?.user ?? null) !== null;
  return (
    <PlainFrame size="md">
      <Stack gap={56}>
        <Stack gap="lg" maw={640}>
          <Title order={1} fz={{ base: 36, sm: 52 }} lh={1.1}>
            Your own OpenClaw, running in a minute
          </Title>
          <Text size="lg" c="dimmed">
            OpenClaw is the open-source personal agent that works on your devices and in your chats. We host one for
            you: press a button, watch it come up, and pair your first device.
          </Text>
          <Group gap="md">
            {signedIn ? (
              <LinkButton to="/openclaw" size="lg">
                Go to my OpenClaw
              </LinkButton>
            ) : (
              <>
                <LinkButton to="/sign-up" size="lg">
                  Get started
                </LinkButton>
                <Text c="dimmed">
                  or{" "}
                  <TextLink to="/sign-in" underline="always">
                    sign in
                  </TextLink>
                </Text>
              </>
            )}
          </Group>
          <Text size="sm" c="dimmed">
            You start with $5.00 of credits. No card needed.
          </Text>
        </Stack>
        <SimpleGrid cols={{ base: 1, sm: 3 }} spacing="md">
          {POINTS.map(({ Icon, title, text }) => (
            <Paper key={title} withBorder p="lg">
              <Stack gap="sm">
                <ThemeIcon variant="light" size="lg" aria-hidden>
                  <Icon size={20} />
                </ThemeIcon>
                <Title order={2} size="h4">
                  {title}
                </Title>
                <Text size="sm" c="dimmed">
                  {text}
                </Text>
              </Stack>
            </Paper>
          ))}
        </SimpleGrid>
      </Stack>
    </PlainFrame>
  );
}
