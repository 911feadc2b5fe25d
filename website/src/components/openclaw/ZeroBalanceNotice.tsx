import { Alert } from "@mantine/core";
import type { BillingSummary } from "@oa/contract/credits";
import { IconCoinOff } from "@tabler/icons-react";

/** Says what an empty balance stops and what it does not. */
export function ZeroBalanceNotice({ balance }: { balance: BillingSummary }) {
  if (balance.available_usd > 0) return null;
  return (
    <Alert
      role="note"
      variant="outline"
      color="orange"
      icon={<IconCoinOff aria-hidden />}
      title="Your credits are used up"
    >
      Work that costs credits is refused until there are new ones. Your agent's data, its backups and your paired
      devices are kept.
    </Alert>
  );
}
