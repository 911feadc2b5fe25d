import { Paper, Text } from "@mantine/core";
import type { InstanceSummary } from "@oa/contract/instance";
import { useQuery } from "@tanstack/react-query";
import { createFileRoute } from "@tanstack/react-router";
import { ConnectDevicePanel } from "../../components/openclaw/ConnectDevicePanel.tsx";
import { DeviceList } from "../../components/openclaw/DeviceList.tsx";
import { NotRunning } from "../../components/openclaw/NotRunning.tsx";
import { WithInstance } from "../../components/openclaw/WithInstance.tsx";
import { Failure } from "../../components/ui/Failure.tsx";
import { Loading } from "../../components/ui/Loading.tsx";
import { PageHeader } from "../../components/ui/PageHeader.tsx";
import { RelativeTime } from "../../components/ui/RelativeTime.tsx";
import { newestDevices } from "../../lib/devices.ts";
import { isReachable } from "../../lib/instanceView.ts";
import { useObservation } from "../../lib/live.tsx";
import { pageTitle } from "../../lib/pageTitle.ts";
import { devicesQuery } from "../../lib/runtimeQueries.ts";

export const Route = createFileRoute("/_app/openclaw/security")({
  head: () => pageTitle("Devices"),
  component: SecurityPage,
});

function SecurityPage() {
  return (
    <>
      <PageHeader title="Devices" description="Who may use your OpenClaw, and who asks to." />
      <WithInstance>
        {(instance) => (
          <>
            <Devices instance={instance} />
            <ConnectDevicePanel reachable={isReachable(instance.status)} />
          </>
        )}
      </WithInstance>
    </>
  );
}

function Devices({ instance }: { instance: InstanceSummary }) {
  const live = useObservation();
  const asked = useQuery(devicesQuery(instance));
  const reachable = isReachable(instance.status);
  const seen = newestDevices(live.state === "ready" ? live.value : null, asked.data);
  if (seen === null) {
    if (!reachable) return <NotRunning instance={instance} what="its devices" />;
    if (asked.isError)
      return <Failure title="The devices did not load" error={asked.error} onRetry={() => void asked.refetch()} />;
    return (
      <Paper withBorder p="lg">
        <Loading what="the devices" h={160} />
      </Paper>
    );
  }
  return (
    <>
      <DeviceList instance={instance} devices={seen.lists} />
      {!reachable && (
        <Text size="sm" c="dimmed">
          Your OpenClaw is not running; this is how it was <RelativeTime at={seen.at} />.
        </Text>
      )}
    </>
  );
}
