import { Alert, Button, Group, Text } from "@mantine/core";
import { useDebouncedValue, useNetwork } from "@mantine/hooks";
import { IconCloudOff, IconPlugConnectedX } from "@tabler/icons-react";
import { useConnection } from "../../lib/live.tsx";

/** A short break heals unseen; a longer one is said. */
const GRACE_MS = 2500;

/** Says when what the page shows may be out of date, and why. Announced without taking the focus. */
export function ConnectionBar() {
  const { online } = useNetwork();
  const connection = useConnection();
  const [settled] = useDebouncedValue(connection, GRACE_MS);
  const broken =
    connection === settled && (connection === "lost" || connection === "refused" || connection === "connecting");
  if (!online) return <Offline />;
  return broken ? <Broken connection={connection} /> : null;
}

function Offline() {
  return (
    <Alert variant="default" icon={<IconCloudOff aria-hidden />} title="You are offline">
      What you see is from before. It moves on by itself when the connection is back.
    </Alert>
  );
}

function Broken({ connection }: { connection: "connecting" | "lost" | "refused" }) {
  if (connection === "refused") {
    return (
      <Alert color="red" variant="outline" icon={<IconPlugConnectedX aria-hidden />} title="No live updates">
        <Group gap="sm">
          <Text size="sm">You are signed in, but the live connection is refused.</Text>
          <Button size="xs" variant="default" onClick={() => window.location.reload()}>
            Reload the page
          </Button>
        </Group>
      </Alert>
    );
  }
  return (
    <Alert
      variant="default"
      icon={<IconPlugConnectedX aria-hidden />}
      title={connection === "lost" ? "Reconnecting" : "Connecting"}
    >
      {connection === "lost"
        ? "The live connection was lost and is being opened again. What you see may be a little old."
        : "The live connection is taking longer than usual."}
    </Alert>
  );
}
