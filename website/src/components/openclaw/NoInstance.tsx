import { EmptyState, Paper } from "@mantine/core";
import { IconRocket } from "@tabler/icons-react";
import { LinkButton } from "../ui/Links.tsx";

/** Where there is nothing yet: what one would get, and the one way to get it. */
export function NoInstance() {
  return (
    <Paper withBorder p="xl">
      <EmptyState
        size="lg"
        icon={<IconRocket aria-hidden />}
        title="You have no OpenClaw yet"
        description="Create one and it is yours: a gateway that is always on, for the devices you approve. It takes about a minute."
      >
        <EmptyState.Actions>
          <LinkButton to="/openclaw/create">Set up my OpenClaw</LinkButton>
        </EmptyState.Actions>
      </EmptyState>
    </Paper>
  );
}
