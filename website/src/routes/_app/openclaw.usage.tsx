import type { InstanceSummary } from "@oa/contract/instance";
import { createFileRoute } from "@tanstack/react-router";
import { BackupList } from "../../components/openclaw/BackupList.tsx";
import { DangerPanel } from "../../components/openclaw/DangerPanel.tsx";
import { GatewayPanel } from "../../components/openclaw/GatewayPanel.tsx";
import { LogsPanel } from "../../components/openclaw/LogsPanel.tsx";
import { NotRunning } from "../../components/openclaw/NotRunning.tsx";
import { WithInstance } from "../../components/openclaw/WithInstance.tsx";
import { PageHeader } from "../../components/ui/PageHeader.tsx";
import { isReachable, offeredActs } from "../../lib/instanceView.ts";
import { pageTitle } from "../../lib/pageTitle.ts";

export const Route = createFileRoute("/_app/openclaw/usage")({
  head: () => pageTitle("Backups and logs"),
  component: UsagePage,
});

function UsagePage() {
  return (
    <>
      <PageHeader
        title="Backups and logs"
        description="Keep a copy, go back to one, restart, and read what the gateway says."
      />
      <WithInstance>{(instance) => <Instance instance={instance} />}</WithInstance>
    </>
  );
}

function Instance({ instance }: { instance: InstanceSummary }) {
  return (
    <>
      {isReachable(instance.status) ? (
        <>
          <BackupList instance={instance} />
          <GatewayPanel instance={instance} />
          <LogsPanel instance={instance} />
        </>
      ) : (
        <NotRunning instance={instance} what="its backups and logs" />
      )}
      {offeredActs(instance).includes("delete") && <DangerPanel />}
    </>
  );
}
