import { Badge, Stack, Text } from "@mantine/core";
import {
  IconArchive,
  IconChartBar,
  IconCoin,
  IconDevices,
  IconKey,
  IconLayoutDashboard,
  IconShieldLock,
  IconUsersGroup,
} from "@tabler/icons-react";
import { useAccount } from "../lib/accountLive.ts";
import type { PropsWithChildren } from "react";
import { openRequests } from "../lib/deviceView.ts";
import { useObservation } from "../lib/live.tsx";
import { useAtNow } from "../lib/useNow.ts";
import { NavItem } from "./ui/Links.tsx";

/** The private pages. The badge counts pairing requests that wait for a decision. `onNavigate` closes the drawer of small screens. */
export function AppSidebar({ onNavigate }: { onNavigate: () => void }) {
  return (
    <Stack component="nav" aria-label="Main" gap={2}>
      <Heading first>OpenClaw</Heading>
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
        activeOptions={{ exact: true }}
        activeProps={{ active: true }}
        onClick={onNavigate}
      />
      <Heading>Credits</Heading>
      <NavItem
        to="/openclaw/billing"
        label="Balance and ledger"
        leftSection={<IconCoin size={18} aria-hidden />}
        activeProps={{ active: true }}
        onClick={onNavigate}
      />
      <NavItem
        to="/openclaw/usage/credits"
        label="Usage"
        leftSection={<IconChartBar size={18} aria-hidden />}
        activeOptions={{ includeSearch: false }}
        activeProps={{ active: true }}
        onClick={onNavigate}
      />
      <NavItem
        to="/openclaw/keys"
        label="API keys"
        leftSection={<IconKey size={18} aria-hidden />}
        activeProps={{ active: true }}
        onClick={onNavigate}
      />
      <Heading>Account</Heading>
      <NavItem
        to="/account/security"
        label="Sign-in and security"
        leftSection={<IconShieldLock size={18} aria-hidden />}
        activeProps={{ active: true }}
        onClick={onNavigate}
      />
      <AdminItem onNavigate={onNavigate} />
    </Stack>
  );
}

function Heading({ first = false, children }: PropsWithChildren<{ first?: boolean }>) {
  return (
    <Text size="xs" fw={600} c="dimmed" px="sm" pt={first ? 6 : "md"} pb={6}>
      {children}
    </Text>
  );
}

/** Only administrators see it, and the server lets only them in. */
function AdminItem({ onNavigate }: { onNavigate: () => void }) {
  const account = useAccount();
  if (account.state !== "ready" || !account.value.is_admin) return null;
  return (
    <NavItem
      to="/admin"
      label="Administration"
      leftSection={<IconUsersGroup size={18} aria-hidden />}
      activeProps={{ active: true }}
      onClick={onNavigate}
    />
  );
}

function PendingBadge() {
  const observation = useObservation();
  const devices = (observation.state === "ready" ? observation.value?.devices : null) ?? null;
  const waiting = useAtNow(1_000, (now) => (devices === null ? 0 : openRequests(devices, now).length));
  if (waiting === 0) return null;
  return (
    <Badge circle={waiting < 10} size="md" color="claw.8" aria-label={`${String(waiting)} waiting for approval`}>
      {waiting}
    </Badge>
  );
}
