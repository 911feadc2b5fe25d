import { Code, DataList, Stack, Table, Text } from "@mantine/core";
import { formatUsd, type MicroUsd } from "@oa/contract/money";
import type { ReactNode } from "react";
import { costLines, ENDPOINTS, exactUsd, OUTCOMES, SOURCES, tokenParts } from "../../lib/callView.ts";
import type { CallDetail } from "../../lib/creditsLive.ts";
import { formatAbsolute, formatDuration } from "../../lib/format.ts";
import { formatCount } from "../../lib/usageView.ts";
import { NumberTable } from "./NumberTable.tsx";

/** A call's tokens by part, each at its rate, up to what was charged. */
export function CallCost({ call: { event, price } }: { call: CallDetail }) {
  const outcome = OUTCOMES[event.outcome];
  const source = SOURCES[event.usage_source];
  return (
    <Stack gap="md">
      {price === null ? (
        <NumberTable label="Tokens" columns={["Tokens of this call", "Number"]}>
          {tokenParts(event.usage).map(({ part, tokens }) => (
            <Table.Tr key={part}>
              <Table.Td>{part}</Table.Td>
              <NumberTable.Cell>{formatCount(tokens)}</NumberTable.Cell>
            </Table.Tr>
          ))}
          <Total columns={2} cost={event.cost_microusd} />
        </NumberTable>
      ) : (
        <NumberTable label="Parts of the price" columns={["Part", "Tokens", "A million", "Price"]}>
          {costLines(price, event.usage).map(({ part, tokens, rate, amount }) => (
            <Table.Tr key={part}>
              <Table.Td>{part}</Table.Td>
              <NumberTable.Cell>{formatCount(tokens)}</NumberTable.Cell>
              <NumberTable.Cell>{exactUsd(rate)}</NumberTable.Cell>
              <NumberTable.Cell>{exactUsd(amount)}</NumberTable.Cell>
            </Table.Tr>
          ))}
          {price.per_request_microusd > 0 && (
            <Table.Tr>
              <Table.Td>The call itself</Table.Td>
              <NumberTable.Cell />
              <NumberTable.Cell />
              <NumberTable.Cell>{exactUsd(price.per_request_microusd)}</NumberTable.Cell>
            </Table.Tr>
          )}
          <Total columns={4} cost={event.cost_microusd} />
        </NumberTable>
      )}
      <Text size="xs" c="dimmed">
        The sum is rounded up once, to a millionth of a dollar.
      </Text>
      <DataList labelWidth="110px">
        <Fact label="Model">{event.model}</Fact>
        <Fact label="When">{formatAbsolute(event.created_at)}</Fact>
        <Fact label="Called by">{event.key === null ? "the editor" : event.key.name}</Fact>
        <Fact label="Kind">{ENDPOINTS[event.endpoint]}</Fact>
        <Fact label="How it ended">
          {outcome.word}. {outcome.meaning}
        </Fact>
        <Fact label="Tokens">
          {source.word}. {source.meaning}
        </Fact>
        <Fact label="Held before">
          {formatUsd(event.held_microusd)}, of which {formatUsd(event.cost_microusd)} was charged.
          {event.held_microusd > event.cost_microusd && " The rest was given back."}
        </Fact>
        <Fact label="Price list">
          <Code>{event.price_version}</Code>
        </Fact>
        {event.latency_ms !== null && (
          <Fact label="Took">
            {formatDuration(event.latency_ms)}
            {event.first_byte_ms !== null && `, first word after ${formatDuration(event.first_byte_ms)}`}
          </Fact>
        )}
        <Fact label="Call id">
          <Code>{event.hold_id}</Code>
        </Fact>
      </DataList>
    </Stack>
  );
}

function Total({ columns, cost }: { columns: number; cost: MicroUsd }) {
  return (
    <Table.Tr>
      <Table.Th scope="row" colSpan={columns - 1}>
        Charged
      </Table.Th>
      <NumberTable.Cell>
        <strong>{exactUsd(cost)}</strong>
      </NumberTable.Cell>
    </Table.Tr>
  );
}

function Fact({ label, children }: { label: string; children: ReactNode }) {
  return (
    <DataList.Item>
      <DataList.ItemLabel>{label}</DataList.ItemLabel>
      <DataList.ItemValue style={{ overflowWrap: "anywhere" }}>{children}</DataList.ItemValue>
    </DataList.Item>
  );
}
