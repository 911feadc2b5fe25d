import { Group, Stack, Text } from "@mantine/core";
import type { BillingSummary } from "@oa/contract/credits";
import { formatUsd, type MicroUsd, microOfUsd } from "@oa/contract/money";
import type { Live } from "../../lib/live.tsx";
import { Failure } from "../ui/Failure.tsx";
import { Loading } from "../ui/Loading.tsx";

/**
 * The balance, large. What is held for work under way stands apart: it is not spent yet, and not free to spend.
 * `size` `compact` is for the overview, where the page of its own is a click away.
 */
export function CreditsWidget({ balance, size }: { balance: Live<BillingSummary>; size: "large" | "compact" }) {
  if (balance.state === "failed") return <Failure title="The balance did not load" error={balance.error} />;
  if (balance.state === "loading") return <Loading what="the balance" h={size === "large" ? 64 : 44} w={160} />;
  const { balance_microusd, held_usd, available_usd } = balance.value;
  const held = microOfUsd(held_usd);
  const available = microOfUsd(available_usd);
  return (
    <Group gap="xl" align="flex-end">
      <Stack gap={0}>
        <Text
          fz={size === "large" ? 44 : 30}
          fw={700}
          lh={1.15}
          data-testid="credits-available"
          style={{ fontVariantNumeric: "tabular-nums" }}
        >
          {formatUsd(available)}
        </Text>
        <Text size="sm" c="dimmed">
          available
        </Text>
      </Stack>
      {held !== 0 && (
        <>
          <Amount value={held} label="held for work under way" />
          <Amount value={balance_microusd} label="balance" />
        </>
      )}
    </Group>
  );
}

function Amount({ value, label }: { value: MicroUsd; label: string }) {
  return (
    <Stack gap={0}>
      <Text fz="lg" fw={600} style={{ fontVariantNumeric: "tabular-nums" }}>
        {formatUsd(value)}
      </Text>
      <Text size="sm" c="dimmed">
        {label}
      </Text>
    </Stack>
  );
}
