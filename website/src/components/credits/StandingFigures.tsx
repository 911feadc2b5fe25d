import { Group, List, Stack, Text } from "@mantine/core";
import { formatUsd, formatUsdExact } from "@oa/contract/money";
import type { AccountStanding } from "@oa/contract/usage";
import { Figure } from "../ui/Figure.tsx";

/** The account in numbers: what can be spent, what is held, what came and went. */
export function StandingFigures({ standing }: { standing: AccountStanding }) {
  const { available_microusd, held_microusd, posted_microusd, open_holds } = standing;
  return (
    <Stack gap="md">
      <Stack gap={0}>
        <Text fz={44} fw={700} lh={1.15} data-testid="credits-available" style={{ fontVariantNumeric: "tabular-nums" }}>
          {formatUsd(available_microusd)}
        </Text>
        <Text size="sm" c="dimmed">
          available
        </Text>
      </Stack>
      <Group gap="xl" align="flex-start" style={{ rowGap: 12 }}>
        <Figure value={formatUsd(held_microusd)} label={heldWords(open_holds)} />
        <Figure value={formatUsdExact(posted_microusd)} label="balance" />
        <Figure value={formatUsdExact(standing.lifetime_credit_microusd)} label="received in all" />
        <Figure value={formatUsdExact(standing.lifetime_debit_microusd)} label="spent in all" />
      </Group>
      <List size="sm" c="dimmed" spacing={4}>
        <List.Item>
          Before a call begins, the most it can cost is held; afterwards only what it did cost is taken.
        </List.Item>
        <List.Item>Amounts are exact to a millionth of a dollar; what is available is shown to the cent.</List.Item>
      </List>
    </Stack>
  );
}

function heldWords(calls: number): string {
  if (calls === 0) return "held: no call is under way";
  return calls === 1 ? "held for 1 call under way" : `held for ${String(calls)} calls under way`;
}
