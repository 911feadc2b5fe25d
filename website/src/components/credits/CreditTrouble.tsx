import { Alert, Group, Text } from "@mantine/core";
import { IconCoinOff, IconSnowflake, type TablerIcon } from "@tabler/icons-react";
import { useMatchRoute } from "@tanstack/react-router";
import { useStanding } from "../../lib/creditsLive.ts";
import { creditTrouble, type Trouble, troubleWords } from "../../lib/creditTrouble.ts";
import { useInstance } from "../../lib/live.tsx";
import { LinkButton } from "../ui/Links.tsx";

const ICONS: Readonly<Record<Trouble, TablerIcon>> = {
  frozen: IconSnowflake,
  suspended: IconCoinOff,
  empty: IconCoinOff,
  low: IconCoinOff,
};

/**
 * What is wrong with the credits, and what to do about it. On every page in a line, on the page of credits in full, and
 * only in one of the two places at once. Nothing while all is well or nothing is known yet.
 */
export function CreditTrouble({ place }: { place: "frame" | "billing" }) {
  const standing = useStanding();
  const instance = useInstance();
  const matchRoute = useMatchRoute();
  if (standing.state !== "ready") return null;
  const trouble = creditTrouble(standing.value, instance.state === "ready" ? instance.value : null);
  if (trouble === null) return null;
  const onBilling = matchRoute({ to: "/openclaw/billing" }) !== false;
  if (place === "frame" && onBilling) return null;
  const { title, short, full } = troubleWords(trouble, standing.value);
  const Icon = ICONS[trouble];
  return (
    <Alert role="note" variant="outline" color="orange" icon={<Icon aria-hidden />} title={title}>
      <Group justify="space-between" gap="sm">
        <Text size="sm" flex="1 1 240px">
          {place === "billing" ? full : short}
        </Text>
        {place === "frame" && (
          <LinkButton to="/openclaw/billing" size="xs" variant="default">
            See my credits
          </LinkButton>
        )}
      </Group>
    </Alert>
  );
}
