import { EmptyState, Paper } from "@mantine/core";
import type { InstanceSummary } from "@oa/contract/instance";
import { IconPlugConnectedX } from "@tabler/icons-react";
import { LinkButton } from "../ui/Links.tsx";

/** In place of what only a running gateway can tell. `what` completes "to see …". */
export function NotRunning({ instance, what }: { instance: InstanceSummary; what: string }) {
  const comingUp = instance.status === "provisioning";
  return (
    <Paper withBorder p="xl">
      <EmptyState
        icon={<IconPlugConnectedX aria-hidden />}
        title={comingUp ? "Your OpenClaw is being set up" : "Your OpenClaw is not running"}
        description={comingUp ? `Once it is ready you see ${what} here.` : `Start it to see ${what}.`}
      >
        <EmptyState.Actions>
          <LinkButton to="/openclaw" variant="default">
            Go to the overview
          </LinkButton>
        </EmptyState.Actions>
      </EmptyState>
    </Paper>
  );
}
