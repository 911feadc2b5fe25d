import { Group } from "@mantine/core";
import type { InstanceSummary } from "@oa/contract/instance";
import { createFileRoute } from "@tanstack/react-router";
import { CreatePanel } from "../../components/openclaw/CreatePanel.tsx";
import { InstanceStatusCard } from "../../components/openclaw/InstanceStatusCard.tsx";
import { ProvisioningStepper } from "../../components/openclaw/ProvisioningStepper.tsx";
import { WithInstance } from "../../components/openclaw/WithInstance.tsx";
import { LinkButton } from "../../components/ui/Links.tsx";
import { PageHeader } from "../../components/ui/PageHeader.tsx";
import { showsSteps } from "../../lib/instanceView.ts";
import { pageTitle } from "../../lib/pageTitle.ts";

export const Route = createFileRoute("/_app/openclaw/create")({
  head: () => pageTitle("Set up"),
  component: CreatePage,
});

function CreatePage() {
  return (
    <>
      <PageHeader title="Set up your OpenClaw" />
      <WithInstance none={<CreatePanel />}>{(instance) => <Progress instance={instance} />}</WithInstance>
    </>
  );
}

/** The steps while there are any to take, else where the instance stands and where to go from here. */
function Progress({ instance }: { instance: InstanceSummary }) {
  if (showsSteps(instance)) return <ProvisioningStepper instance={instance} />;
  return (
    <InstanceStatusCard instance={instance} withActs={instance.status !== "ready"}>
      <Group gap="sm">
        {instance.status === "ready" && <LinkButton to="/openclaw/security">Connect a device</LinkButton>}
        <LinkButton to="/openclaw" variant="default">
          Go to the overview
        </LinkButton>
      </Group>
    </InstanceStatusCard>
  );
}
