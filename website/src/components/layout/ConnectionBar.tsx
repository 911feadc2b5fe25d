import { Alert, Button, Group, Text } from "@mantine/core";
import { useNetwork } from "@mantine/hooks";
import { IconCloudOff, IconPlugConnectedX } from "@tabler/icons-react";
import { useEffect, useState } from "react";
import { type Connection, useConnection } from "../../lib/live.tsx";

/** A short break heals unseen; a longer one is said. */
const GRACE_MS = 2500;

/** Says when what the page shows may be out of date, and why. Announced without taking the focus. */
export function ConnectionBar() {
  const { online } = useNetwork();
  const connection = useLasting(useConnection());
  if (!online) return <Offline />;
  const broken = connection === "lost" || connection === "refused" || connection === "connecting";
  return broken ? <Broken connection={connection} /> : null;
}

/** The state once it has lasted for the time of grace, also where it is the first one; null before. */
function useLasting(connection: Connection): Connection | null {
  const [lasting, setLasting] = useState<Connection | null>(null);
  useEffect(() => {
    const timer = setTimeout(() => setLasting(connection), GRACE_MS);
    return () => clearTimeout(timer);
  }, [connection]);
  return lasting === connection ? lasting : null;
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
