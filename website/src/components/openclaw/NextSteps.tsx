import { Text } from "@mantine/core";
import type { InstanceSummary } from "@oa/contract/instance";
import { isReachable } from "../../lib/instanceView.ts";
import { useObservation } from "../../lib/live.tsx";
import { LinkButton } from "../ui/Links.tsx";
import { Panel } from "../ui/Panel.tsx";

/** After setting up comes the first device; once one is paired there is nothing to say. */
export function NextSteps({ instance }: { instance: InstanceSummary }) {
  const observation = useObservation();
  const devices = observation.state === "ready" ? observation.value?.devices : undefined;
  if (!isReachable(instance.status) || devices === null || devices === undefined || devices.paired.length > 0)
    return null;
  return (
    <Panel
      title="Next: connect your first device"
      aside={<LinkButton to="/openclaw/security">Connect a device</LinkButton>}
    >
      <Text size="sm" c="dimmed">
        Your gateway runs, and nobody may use it yet. Point a terminal, a browser or your phone at it and approve its
        request.
      </Text>
    </Panel>
  );
}
