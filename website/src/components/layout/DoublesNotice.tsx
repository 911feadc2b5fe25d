import { Alert, Group, Text } from "@mantine/core";
import type { WebConfig } from "@oa/contract/worker";
import { IconFlask } from "@tabler/icons-react";
import { useMatchRoute } from "@tanstack/react-router";

const NAMES: Readonly<Record<WebConfig["doubles"][number], string>> = {
  stripe: "payments (Stripe)",
  github: "GitHub sign-in",
  google: "Google sign-in",
  mail: "mail",
  upstream: "the model provider",
};

/**
 * Says which outside services are stand-ins here, so that nobody takes a test payment or answer for a real one: in full on the
 * overview, in a line on every other page.
 */
export function DoublesNotice({ doubles }: Pick<WebConfig, "doubles">) {
  const onOverview = useMatchRoute()({ to: "/openclaw" }) !== false;
  if (doubles.length === 0) return null;
  const names = new Intl.ListFormat("en", { type: "conjunction" }).format(doubles.map((double) => NAMES[double]));
  if (!onOverview) {
    return (
      <Group component="aside" gap={6} wrap="nowrap" align="flex-start" c="dimmed">
        <IconFlask size={16} style={{ flex: "none", marginTop: 2 }} aria-hidden />
        <Text size="sm">A trial installation, with stand-ins for {names}.</Text>
      </Group>
    );
  }
  return (
    <Alert role="note" variant="default" icon={<IconFlask aria-hidden />} title="A trial installation" py="xs">
      It uses stand-ins for {names}: no money moves and nothing leaves this machine through them.
      {doubles.includes("upstream") && " A stand-in answers model calls: what it says is no model's answer."}
    </Alert>
  );
}
