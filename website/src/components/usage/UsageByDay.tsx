import { EmptyState, Group, SegmentedControl, Skeleton, Stack, Table, Text } from "@mantine/core";
import { formatUsd, microOfUsd } from "@oa/contract/money";
import { IconChartBar } from "@tabler/icons-react";
import { lazy, Suspense, useState } from "react";
import { longDay } from "../../lib/days.ts";
import { type DayOfUse, formatCount, type Measure, MEASURE_WORDS, MEASURES } from "../../lib/usageView.ts";
import { Figure } from "../ui/Figure.tsx";
import { NumberTable } from "./NumberTable.tsx";

const UsageChart = lazy(() => import("./UsageChart.tsx"));

/** Each day of the range, as a picture or as a table. */
export function UsageByDay({ days }: { days: readonly DayOfUse[] }) {
  const [measure, setMeasure] = useState<Measure>("cost");
  const [form, setForm] = useState<"chart" | "table">("chart");
  const total = sumOf(days);
  if (total.calls === 0) {
    return (
      <EmptyState
        icon={<IconChartBar aria-hidden />}
        title="Nothing was used on these days"
        description="Calls of your OpenClaw, your keys and your editor are summed up here: each day, each model, each key."
      />
    );
  }
  return (
    <Stack gap="md">
      <Group gap="xl" style={{ rowGap: 12 }}>
        <Figure value={usd(total.cost)} label="cost" />
        <Figure value={formatCount(total.calls)} label={total.calls === 1 ? "call" : "calls"} />
        <Figure value={formatCount(total.tokens)} label="tokens" />
      </Group>
      <Group justify="space-between" gap="sm">
        {form === "chart" ? (
          <SegmentedControl
            size="xs"
            aria-label="What the bars show"
            data={MEASURES.map((value) => ({ value, label: MEASURE_WORDS[value] }))}
            value={measure}
            onChange={setMeasure}
          />
        ) : (
          <span />
        )}
        <SegmentedControl
          size="xs"
          aria-label="Shown as"
          data={[
            { value: "chart", label: "Chart" },
            { value: "table", label: "Table" },
          ]}
          value={form}
          onChange={setForm}
        />
      </Group>
      {form === "chart" ? (
        <>
          <Suspense fallback={<Skeleton h={240} />}>
            <UsageChart days={days} measure={measure} />
          </Suspense>
          <Text size="xs" c="dimmed">
            {chartWords(days)} The table has every number.
          </Text>
        </>
      ) : (
        <DayTable days={days} />
      )}
    </Stack>
  );
}

function DayTable({ days }: { days: readonly DayOfUse[] }) {
  return (
    <NumberTable label="By day" columns={["Day", "Calls", "Tokens", "Cost"]}>
      {days.toReversed().map(({ day, calls, tokens, cost }) => (
        <Table.Tr key={day}>
          <Table.Td>{longDay(day)}</Table.Td>
          <NumberTable.Cell>{formatCount(calls)}</NumberTable.Cell>
          <NumberTable.Cell>{formatCount(tokens)}</NumberTable.Cell>
          <NumberTable.Cell>{usd(cost)}</NumberTable.Cell>
        </Table.Tr>
      ))}
    </NumberTable>
  );
}

/** What the picture says, in a sentence. */
function chartWords(days: readonly DayOfUse[]): string {
  const top = days.reduce<DayOfUse | null>((best, day) => (day.cost > (best?.cost ?? 0) ? day : best), null);
  return top === null ? "Nothing was spent on these days." : `Most was spent on ${longDay(top.day)}: ${usd(top.cost)}.`;
}

function sumOf(days: readonly DayOfUse[]) {
  const sum = { cost: 0, calls: 0, tokens: 0 };
  for (const { cost, calls, tokens } of days) {
    sum.cost += cost;
    sum.calls += calls;
    sum.tokens += tokens;
  }
  return sum;
}

function usd(dollars: number): string {
  return formatUsd(microOfUsd(dollars));
}
