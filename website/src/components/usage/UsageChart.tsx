import "@mantine/charts/styles.css";
import { BarChart } from "@mantine/charts";
import { formatUsd, microOfUsd } from "@oa/contract/money";
import { exactUsd } from "../../lib/callView.ts";
import { longDay, shortDay } from "../../lib/days.ts";
import { type DayOfUse, formatCount, type Measure, MEASURE_WORDS } from "../../lib/usageView.ts";

/**
 * Days as bars. A picture only: the same numbers stand in a table, which is why nothing of it is read out. Loaded when it
 * is needed, because it is the heaviest part of the site.
 */
export default function UsageChart({ days, measure }: { days: readonly DayOfUse[]; measure: Measure }) {
  const format = measure === "cost" ? (value: number) => formatUsd(microOfUsd(value)) : formatCount;
  return (
    <BarChart
      aria-hidden
      barChartProps={{ accessibilityLayer: false }}
      h={240}
      data={days.map((day) => ({ ...day }))}
      dataKey="day"
      series={[{ name: measure, label: MEASURE_WORDS[measure], color: "var(--mantine-color-ink-filled)" }]}
      valueFormatter={format}
      maxBarWidth={36}
      withBarValueLabel={false}
      gridAxis="x"
      tickLine="none"
      xAxisProps={{ tickFormatter: shortDay, minTickGap: 24 }}
      yAxisProps={
        measure === "cost"
          ? { width: 72, tickFormatter: (usd: number) => exactUsd(microOfUsd(usd)) }
          : { width: 72, allowDecimals: false }
      }
      tooltipProps={{ labelFormatter: inWords }}
      barProps={{ isAnimationActive: false, radius: [3, 3, 0, 0] }}
      tooltipAnimationDuration={0}
    />
  );
}

/** The tooltip asks for words also while it stands on no day. */
function inWords(label: unknown): string {
  return typeof label === "string" && label !== "" ? longDay(label) : "";
}
