import { List } from "@mantine/core";
import { createFileRoute } from "@tanstack/react-router";
import { CreditsWidget } from "../../components/openclaw/CreditsWidget.tsx";
import { LedgerTable } from "../../components/openclaw/LedgerTable.tsx";
import { ZeroBalanceNotice } from "../../components/openclaw/ZeroBalanceNotice.tsx";
import { PageHeader } from "../../components/ui/PageHeader.tsx";
import { Panel } from "../../components/ui/Panel.tsx";
import { useBalance, useLive } from "../../lib/live.tsx";
import { pageTitle } from "../../lib/pageTitle.ts";

export const Route = createFileRoute("/_app/openclaw/billing")({
  head: () => pageTitle("Credits"),
  component: BillingPage,
});

function BillingPage() {
  const { Ledger } = useLive();
  const balance = useBalance();
  return (
    <>
      <PageHeader title="Credits" description="One balance for everything you use here." />
      {balance.state === "ready" && <ZeroBalanceNotice balance={balance.value} />}
      <Panel title="Balance">
        <CreditsWidget balance={balance} size="large" />
        <List size="sm" c="dimmed" spacing={4}>
          <List.Item>
            Amounts are exact to a millionth of a dollar; what costs less than a cent shows four decimals.
          </List.Item>
          <List.Item>
            Before work that costs something begins, its price is held; afterwards only what it did cost is taken.
          </List.Item>
        </List>
      </Panel>
      <Panel
        title="Ledger"
        description="Every movement, newest first, with the balance it left. Nothing here is ever changed."
      >
        <Ledger>{(ledger) => <LedgerTable ledger={ledger} />}</Ledger>
      </Panel>
    </>
  );
}
