import { Badge, Stack, Text } from "@mantine/core";
import { IconArchive, IconCoin, IconDevices, IconLayoutDashboard } from "@tabler/icons-react";
import { openRequests } from "../lib/deviceView.ts";
import { useObservation } from "../lib/live.tsx";
import { useNow } from "../lib/useNow.ts";
import { NavItem } from "./ui/Links.tsx";

/** The private pages. The badge counts pairing requests that wait for a decision. `onNavigate` closes the drawer of small screens. */
export function AppSidebar({ onNavigate }: { onNavigate: () => void }) {
  return (
    <Stack component="nav" aria-label="Main" gap={2}>
      <Text size="xs" fw={600} c="dimmed" px="sm" py={6}>
        OpenClaw
      </Text>
      <NavItem
        to="/openclaw"
        label="Overview"
        leftSection={<IconLayoutDashboard size={18} aria-hidden />}
        activeOptions={{ exact: true }}
        activeProps={{ active: true }}
        onClick={onNavigate}
      />
      <NavItem
        to="/openclaw/security"
        label="Devices"
        leftSection={<IconDevices size={18} aria-hidden />}
        rightSection={<PendingBadge />}
        activeProps={{ active: true }}
        onClick={onNavigate}
      />
      <NavItem
        to="/openclaw/usage"
        label="Backups and logs"
        leftSection={<IconArchive size={18} aria-hidden />}
        activeProps={{ active: true }}
        onClick={onNavigate}
      />
      <NavItem
        to="/openclaw/billing"
        label="Credits"
        leftSection={<IconCoin size={18} aria-hidden />}
        activeProps={{ active: true }}
        onClick={onNavigate}
      />
    </Stack>
  );
}

function PendingBadge() {
  const observation = useObservation();
  const now = useNow(1_000);
  const devices = observation.state === "ready" ? observation.value?.devices : null;
  const waiting = devices === null || devices === undefined ? 0 : openRequests(devices, now).length;
  if (waiting === 0) return null;
  return (
    <Badge circle={waiting < 10} size="md" color="claw.8" aria-label={`${String(waiting)} waiting for approval`}>
      {waiting}
    </Badge>
  );
}
