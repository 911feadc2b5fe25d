import { Group, Stack, Text } from "@mantine/core";
import type { BillingSummary } from "@oa/contract/credits";
import { formatUsd, microOfUsd } from "@oa/contract/money";
import type { Live } from "../../lib/live.tsx";
import { Failure } from "../ui/Failure.tsx";
import { Figure } from "../ui/Figure.tsx";
import { Loading } from "../ui/Loading.tsx";

/**
 * The balance for the overview, where the page of its own is a click away. What is held for work under way stands apart:
 * it is not spent yet, and not free to spend.
 */
export function CreditsWidget({ balance }: { balance: Live<BillingSummary> }) {
  if (balance.state === "failed") return <Failure title="The balance did not load" error={balance.error} />;
  if (balance.state === "loading") return <Loading what="the balance" h={44} w={160} />;
  const { balance_microusd, held_usd, available_usd } = balance.value;
  const held = microOfUsd(held_usd);
  const available = microOfUsd(available_usd);
  return (
    <Group gap="xl" align="flex-end">
      <Stack gap={0}>
        <Text fz={30} fw={700} lh={1.15} data-testid="credits-available" style={{ fontVariantNumeric: "tabular-nums" }}>
          {formatUsd(available)}
        </Text>
        <Text size="sm" c="dimmed">
          available
        </Text>
      </Stack>
      {held !== 0 && (
        <>
          <Figure value={formatUsd(held)} label="held for work under way" />
          <Figure value={formatUsd(balance_microusd)} label="balance" />
        </>
      )}
    </Group>
  );
}
