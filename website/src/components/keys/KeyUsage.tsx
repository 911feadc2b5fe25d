import { Group, Table, Text } from "@mantine/core";
import type { ProvisionedKeyInfo } from "@oa/contract/keys";
import { formatUsd } from "@oa/contract/money";
import { isPresent, spentNow } from "../../lib/keyWindows.ts";
import { formatCount } from "../../lib/usageView.ts";
import { Figure } from "../ui/Figure.tsx";
import { NumberTable } from "../usage/NumberTable.tsx";

/** What a key has spent, by window and by model. Windows are UTC. */
export function KeyUsage({ apiKey, now }: { apiKey: ProvisionedKeyInfo; now: number }) {
  const models = isPresent(apiKey, "monthly", now) ? apiKey.model_usage : [];
  return (
    <>
      <Group gap="xl" style={{ rowGap: 12 }}>
        <Figure value={formatUsd(spentNow(apiKey, "daily", now))} label="today" />
        <Figure value={formatUsd(spentNow(apiKey, "weekly", now))} label="this week" />
        <Figure value={formatUsd(spentNow(apiKey, "monthly", now))} label="this month" />
        <Figure value={formatUsd(apiKey.usage_microusd)} label="in all" />
        <Figure value={formatCount(apiKey.requests_count)} label={apiKey.requests_count === 1 ? "call" : "calls"} />
      </Group>
      {models.length === 0 ? (
        <Text size="sm" c="dimmed">
          Nothing was called with it this month.
        </Text>
      ) : (
        <NumberTable label="This month by model" columns={["This month by model", "Calls", "Tokens", "Cost"]}>
          {models.map(({ model, requests, tokens, cost_microusd }) => (
            <Table.Tr key={model}>
              <Table.Td style={{ overflowWrap: "anywhere" }}>{model}</Table.Td>
              <NumberTable.Cell>{formatCount(requests)}</NumberTable.Cell>
              <NumberTable.Cell>{formatCount(tokens)}</NumberTable.Cell>
              <NumberTable.Cell>{formatUsd(cost_microusd)}</NumberTable.Cell>
            </Table.Tr>
          ))}
        </NumberTable>
      )}
      <Text size="xs" c="dimmed">
        Days, weeks (from Monday) and months are UTC.
      </Text>
    </>
  );
}
