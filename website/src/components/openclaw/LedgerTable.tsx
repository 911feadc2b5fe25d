import { Anchor, Button, Center, EmptyState, Stack, Table, Text } from "@mantine/core";
import { formatUsd } from "@oa/contract/money";
import { IconReceipt } from "@tabler/icons-react";
import { useState } from "react";
import { signedUsd } from "../../lib/ledgerView.ts";
import type { LedgerEntry, LivePages } from "../../lib/live.tsx";
import { Loading } from "../ui/Loading.tsx";
import { RelativeTime } from "../ui/RelativeTime.tsx";
import { CallDialog } from "../usage/CallDialog.tsx";

/** Everything that moved the balance, newest first, each with the balance it left; a call's row opens what it was made of. */
export function LedgerTable({ ledger }: { ledger: LivePages<LedgerEntry> }) {
  const [call, setCall] = useState<string | null>(null);
  if (ledger.state === "first") return <Loading what="the ledger" h={140} />;
  if (ledger.items.length === 0) {
    return (
      <EmptyState
        icon={<IconReceipt aria-hidden />}
        title="Nothing has moved yet"
        description="Grants, top-ups and what your agent uses will stand here, one line each."
      />
    );
  }
  return (
    <Stack gap="sm">
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
          {ledger.items.map((entry) => (
            <Table.Tr key={entry.seq}>
              <Table.Td>
                <What entry={entry} onShow={setCall} />
                <Text size="xs" c="dimmed">
                  <RelativeTime at={entry.created_at} />
                </Text>
              </Table.Td>
              <Table.Td ta="right" style={{ fontVariantNumeric: "tabular-nums", whiteSpace: "nowrap" }}>
                {signedUsd(entry.amount_microusd)}
              </Table.Td>
              <Table.Td ta="right" style={{ fontVariantNumeric: "tabular-nums", whiteSpace: "nowrap" }}>
                {formatUsd(entry.balance_after_microusd)}
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
      <MoreButton pages={ledger} label="Show older entries" />
      <CallDialog holdId={call} onClose={() => setCall(null)} />
    </Stack>
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

/** Asks for the next page of a live list; nothing at its end. */
export function MoreButton({ pages, label }: { pages: LivePages<unknown>; label: string }) {
  if (pages.state === "end" || pages.state === "first") return null;
  return (
    <Center>
      <Button variant="default" size="xs" loading={pages.state === "next"} onClick={pages.loadMore}>
        {label}
      </Button>
    </Center>
  );
}
