import { ActionIcon, Menu, Text } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import type { User } from "@oa/contract/accounts";
import { IconLogout, IconShieldLock, IconUserCircle } from "@tabler/icons-react";
import { useMutation } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { signOut } from "../../lib/goToSignIn.ts";
import { messageOf } from "../../lib/requestError.ts";
import { webApi } from "../../lib/webApi.ts";

/** Who is signed in, and the way out. */
export function AccountMenu({ user }: { user: User }) {
  const leave = useMutation({
    mutationFn: () => signOut(() => webApi.signOut()),
    onError: (error) =>
      notifications.show({ color: "red", title: "You are still signed in", message: messageOf(error) }),
  });
  const navigate = useNavigate();
  return (
    <Menu position="bottom-end" withinPortal>
      <Menu.Target>
        <ActionIcon variant="subtle" size="lg" aria-label={`Account of ${user.email}`}>
          <IconUserCircle size={22} aria-hidden />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown maw={320}>
        <Menu.Label>
          <Text size="sm" style={{ overflowWrap: "anywhere" }}>
            {user.email}
          </Text>
        </Menu.Label>
        <Menu.Item
          leftSection={<IconShieldLock size={16} aria-hidden />}
          onClick={() => void navigate({ to: "/account/security" })}
        >
          Sign-in and security
        </Menu.Item>
        <Menu.Item
          leftSection={<IconLogout size={16} aria-hidden />}
          onClick={() => leave.mutate()}
          disabled={leave.isPending}
        >
          Sign out
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
