import { Progress, Stack, Text } from "@mantine/core";
import type { ProvisionedKey } from "@oa/contract/keys";
import { formatUsd } from "@oa/contract/money";
import { formatAbsolute } from "../../lib/format.ts";
import { limitUse, limitWords } from "../../lib/keyView.ts";
import { nextWindow } from "../../lib/keyWindows.ts";

/** How much of a key's limit is gone, as a bar and in words, and when it begins anew. */
export function LimitBar({ apiKey, now }: { apiKey: ProvisionedKey; now: number }) {
  const use = limitUse(apiKey, now);
  const words = limitWords(apiKey, now);
  if (use === null) {
    return (
      <Text size="sm" c="dimmed">
        {words}: it spends whatever the balance has.
      </Text>
    );
  }
  const { limit_reset, held_microusd } = apiKey;
  return (
    <Stack gap={4} maw={420}>
      <Progress.Root size="sm">
        <Progress.Section
          value={use.percent}
          color={use.percent >= 100 ? "orange.9" : "ink"}
          aria-label={`Limit of ${apiKey.name}`}
          aria-valuetext={words}
        />
      </Progress.Root>
      <Text size="sm" style={{ fontVariantNumeric: "tabular-nums" }}>
        {words}
        {held_microusd > 0 && <span>, of which {formatUsd(held_microusd)} held</span>}
      </Text>
      {limit_reset !== null && (
        <Text size="xs" c="dimmed">
          Begins anew {formatAbsolute(nextWindow(limit_reset, now))}
        </Text>
      )}
    </Stack>
  );
}
