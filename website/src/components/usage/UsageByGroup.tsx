import { Table } from "@mantine/core";
import { formatUsd } from "@oa/contract/money";
import type { UsageSummary } from "@oa/contract/usage";
import type { ReactNode } from "react";
import type { Live } from "../../lib/live.tsx";
import { formatCount } from "../../lib/usageView.ts";
import { Failure } from "../ui/Failure.tsx";
import { Loading } from "../ui/Loading.tsx";
import { Panel } from "../ui/Panel.tsx";
import { NumberTable } from "./NumberTable.tsx";

interface UsageByGroupProps {
  title: string;
  /** Head of the first column. */
  column: string;
  summary: Live<UsageSummary>;
  /** How one of them is named. */
  renderName: (item: UsageSummary["items"][number]) => ReactNode;
}

/** The sums of a range by model or by key, the dearest first; nothing where nothing was used. */
export function UsageByGroup({ title, column, summary, renderName }: UsageByGroupProps) {
  if (summary.state === "ready" && summary.value.items.length === 0) return null;
  return (
    <Panel title={title}>
      {summary.state === "failed" && <Failure title="It did not load" error={summary.error} />}
      {summary.state === "loading" && <Loading what={title.toLowerCase()} h={96} />}
      {summary.state === "ready" && (
        <NumberTable label={title} columns={[column, "Calls", "Tokens", "Cost"]}>
          {summary.value.items
            .toSorted((a, b) => b.cost_microusd - a.cost_microusd)
            .map((item) => (
              <Table.Tr key={item.group}>
                <Table.Td style={{ overflowWrap: "anywhere" }}>{renderName(item)}</Table.Td>
                <NumberTable.Cell>{formatCount(item.requests)}</NumberTable.Cell>
                <NumberTable.Cell>{formatCount(item.input_tokens + item.output_tokens)}</NumberTable.Cell>
                <NumberTable.Cell>{formatUsd(item.cost_microusd)}</NumberTable.Cell>
              </Table.Tr>
            ))}
        </NumberTable>
      )}
    </Panel>
  );
}
