import { Anchor, Table, Text } from "@mantine/core";
import { formatUsdExact } from "@oa/contract/money";
import { IconReceipt } from "@tabler/icons-react";
import { useState } from "react";
import { signedUsd } from "../../lib/ledgerView.ts";
import type { LedgerEntry, LivePages } from "../../lib/live.tsx";
import { PagedList } from "../ui/PagedList.tsx";
import { RelativeTime } from "../ui/RelativeTime.tsx";
import { CallDialog } from "../usage/CallDialog.tsx";

/** Everything that moved the balance, newest first, each with the balance it left; a call's row opens what it was made of. */
export function LedgerTable({ ledger }: { ledger: LivePages<LedgerEntry> }) {
  const [call, setCall] = useState<string | null>(null);
  return (
    <>
      <PagedList
        pages={ledger}
        what="the ledger"
        empty={{
          icon: <IconReceipt aria-hidden />,
          title: "Nothing has moved yet",
          description: "Grants, top-ups and what your agent uses will stand here, one line each.",
        }}
        more="Show older entries"
      >
        {(entries) => <Entries entries={entries} onShow={setCall} />}
      </PagedList>
      <CallDialog holdId={call} onClose={() => setCall(null)} />
    </>
  );
}

function Entries({ entries, onShow }: { entries: readonly LedgerEntry[]; onShow: (holdId: string) => void }) {
  return (
    <Table aria-label="Ledger" verticalSpacing="xs" horizontalSpacing={4}>
      <Table.Thead>
        <Table.Tr>
          <Table.Th scope="col">What</Table.Th>
          <Table.Th scope="col" ta="right">
            Amount
          </Table.Th>
          <Table.Th scope="col" ta="right">
            Balance
          </Table.Th>
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {entries.map((entry) => (
          <Table.Tr key={entry.seq}>
            <Table.Td>
              <What entry={entry} onShow={onShow} />
              <Text size="xs" c="dimmed">
                <RelativeTime at={entry.created_at} />
              </Text>
            </Table.Td>
            <Table.Td ta="right" style={{ fontVariantNumeric: "tabular-nums", whiteSpace: "nowrap" }}>
              {signedUsd(entry.amount_microusd)}
            </Table.Td>
            <Table.Td ta="right" style={{ fontVariantNumeric: "tabular-nums", whiteSpace: "nowrap" }}>
              {formatUsdExact(entry.balance_after_microusd)}
            </Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  );
}

/** What an entry was for; of a call it opens why it cost that. */
function What({ entry, onShow }: { entry: LedgerEntry; onShow: (holdId: string) => void }) {
  const { description, hold_id } = entry;
  if (hold_id === null) {
    return (
      <Text size="sm" style={{ overflowWrap: "anywhere" }}>
        {description}
      </Text>
    );
  }
  return (
    <Anchor
      component="button"
      type="button"
      size="sm"
      ta="left"
      underline="always"
      style={{ overflowWrap: "anywhere" }}
      onClick={() => onShow(hold_id)}
    >
      {description}
    </Anchor>
  );
}
