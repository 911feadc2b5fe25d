import { Group, Stack, Text } from "@mantine/core";
import { formatUsd } from "@oa/contract/money";
import type { AccountStanding } from "@oa/contract/usage";
import type { Live } from "../../lib/live.tsx";
import { Failure } from "../ui/Failure.tsx";
import { Figure } from "../ui/Figure.tsx";
import { Loading } from "../ui/Loading.tsx";

/**
 * The balance for the overview, where the page of its own is a click away. What is held for work under way stands apart:
 * it is not spent yet, and not free to spend.
 */
export function CreditsWidget({ standing }: { standing: Live<AccountStanding> }) {
  if (standing.state === "failed") return <Failure title="The balance did not load" error={standing.error} />;
  if (standing.state === "loading") return <Loading what="the balance" h={44} w={160} />;
  const { posted_microusd, held_microusd, available_microusd } = standing.value;
  return (
    <Group gap="xl" align="flex-end">
      <Stack gap={0}>
        <Text fz={30} fw={700} lh={1.15} data-testid="credits-available" style={{ fontVariantNumeric: "tabular-nums" }}>
          {formatUsd(available_microusd)}
        </Text>
        <Text size="sm" c="dimmed">
          available
        </Text>
      </Stack>
      {held_microusd !== 0 && (
        <>
          <Figure value={formatUsd(held_microusd)} label="held for work under way" />
          <Figure value={formatUsd(posted_microusd)} label="balance" />
        </>
      )}
    </Group>
  );
}
