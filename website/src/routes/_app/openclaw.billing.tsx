import { List } from "@mantine/core";
import { SIGNUP_GRANT_MICROUSD } from "@oa/contract/credits";
import { formatUsd } from "@oa/contract/money";
import { createFileRoute } from "@tanstack/react-router";
import { AlertList } from "../../components/credits/AlertList.tsx";
import { CreditTrouble } from "../../components/credits/CreditTrouble.tsx";
import { StandingFigures } from "../../components/credits/StandingFigures.tsx";
import { LedgerTable } from "../../components/openclaw/LedgerTable.tsx";
import { ExportLinks } from "../../components/usage/ExportLinks.tsx";
import { Failure } from "../../components/ui/Failure.tsx";
import { LinkButton } from "../../components/ui/Links.tsx";
import { Loading } from "../../components/ui/Loading.tsx";
import { PageHeader } from "../../components/ui/PageHeader.tsx";
import { Panel } from "../../components/ui/Panel.tsx";
import { useStanding } from "../../lib/creditsLive.ts";
import { useLive } from "../../lib/live.tsx";
import { pageTitle } from "../../lib/pageTitle.ts";

export const Route = createFileRoute("/_app/openclaw/billing")({
  head: () => pageTitle("Credits"),
  component: BillingPage,
});

function BillingPage() {
  const { Ledger } = useLive();
  const standing = useStanding();
  return (
    <>
      <PageHeader title="Credits" description="One balance for everything you use here." />
      <CreditTrouble place="billing" />
      <AlertList />
      <Panel
        title="Balance"
        aside={
          <LinkButton to="/openclaw/usage/credits" variant="default" size="xs">
            See the usage
          </LinkButton>
        }
      >
        {standing.state === "failed" && <Failure title="The balance did not load" error={standing.error} />}
        {standing.state === "loading" && <Loading what="the balance" h={64} w={160} />}
        {standing.state === "ready" && <StandingFigures standing={standing.value} />}
      </Panel>
      <HowCreditsCome />
      <Panel
        title="Ledger"
        description="Every movement, newest first, with the balance it left. Nothing here is ever changed."
        aside={<ExportLinks what="ledger" />}
      >
        <Ledger>{(ledger) => <LedgerTable ledger={ledger} />}</Ledger>
      </Panel>
    </>
  );
}

function HowCreditsCome() {
  return (
    <Panel title="How credits come">
      <List size="sm" spacing={4}>
        <List.Item>Everyone gets {formatUsd(SIGNUP_GRANT_MICROUSD)} once, when they sign up.</List.Item>
        <List.Item>Some installations give credits each month; what is left of those lapses with the month.</List.Item>
        <List.Item>
          Administrators can add credits: ask whoever runs this installation. Buying them is not possible here.
        </List.Item>
      </List>
    </Panel>
  );
}
