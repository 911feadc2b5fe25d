import { Stack } from "@mantine/core";
import type { InstanceSummary } from "@oa/contract/instance";
import { createFileRoute } from "@tanstack/react-router";
import { ActivityTimeline } from "../../components/openclaw/ActivityTimeline.tsx";
import { CreditsWidget } from "../../components/openclaw/CreditsWidget.tsx";
import { InstanceFacts } from "../../components/openclaw/InstanceFacts.tsx";
import { InstanceStatusCard } from "../../components/openclaw/InstanceStatusCard.tsx";
import { ModelsPanel } from "../../components/openclaw/ModelsPanel.tsx";
import { NextSteps } from "../../components/openclaw/NextSteps.tsx";
import { NoInstance } from "../../components/openclaw/NoInstance.tsx";
import { PendingNotice } from "../../components/openclaw/PendingNotice.tsx";
import { ProvisioningStepper } from "../../components/openclaw/ProvisioningStepper.tsx";
import { WithInstance } from "../../components/openclaw/WithInstance.tsx";
import { LinkButton } from "../../components/ui/Links.tsx";
import { PageHeader } from "../../components/ui/PageHeader.tsx";
import { Panel } from "../../components/ui/Panel.tsx";
import { useStanding } from "../../lib/creditsLive.ts";
import { showsSteps } from "../../lib/instanceView.ts";
import { useLive } from "../../lib/live.tsx";
import { pageTitle } from "../../lib/pageTitle.ts";

export const Route = createFileRoute("/_app/openclaw/")({
  head: () => pageTitle("Overview"),
  component: OverviewPage,
});

function OverviewPage() {
  return (
    <>
      <PageHeader title="Overview" />
      <PendingNotice />
      <WithInstance none={<NoInstance />}>{(instance) => <Instance instance={instance} />}</WithInstance>
      <Credits />
      <Panel title="Activity" description="What was asked of your OpenClaw, and by whom.">
        <Activity />
      </Panel>
    </>
  );
}

function Instance({ instance }: { instance: InstanceSummary }) {
  return (
    <Stack gap="lg">
      {showsSteps(instance) ? (
        <ProvisioningStepper instance={instance} />
      ) : (
        <>
          <InstanceStatusCard instance={instance}>
            <InstanceFacts instance={instance} />
          </InstanceStatusCard>
          <NextSteps instance={instance} />
        </>
      )}
      <ModelsPanel instance={instance} />
    </Stack>
  );
}

function Credits() {
  const standing = useStanding();
  return (
    <Panel
      title="Credits"
      aside={
        <LinkButton to="/openclaw/billing" variant="default" size="xs">
          See the ledger
        </LinkButton>
      }
    >
      <CreditsWidget standing={standing} />
    </Panel>
  );
}

function Activity() {
  const { AuditLog } = useLive();
  return <AuditLog>{(events) => <ActivityTimeline events={events} />}</AuditLog>;
}
