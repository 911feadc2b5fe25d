import { Button, List, Stack, Text } from "@mantine/core";
import { IconLogout } from "@tabler/icons-react";
import { useState } from "react";
import { accountApi } from "../../lib/accountApi.ts";
import { signOut } from "../../lib/goToSignIn.ts";
import { ConfirmDialog } from "../ui/ConfirmDialog.tsx";

/** Ends every sign-in, this one too. */
export function SignOutEverywhere() {
  const [asked, setAsked] = useState(false);
  return (
    <>
      <Button
        variant="default"
        size="xs"
        leftSection={<IconLogout size={14} aria-hidden />}
        onClick={() => setAsked(true)}
      >
        Sign out everywhere
      </Button>
      <ConfirmDialog
        opened={asked}
        onClose={() => setAsked(false)}
        title="Sign out everywhere?"
        confirm="Sign out everywhere"
        danger
        act={() => signOut(() => accountApi.signOutEverywhere())}
      >
        <Stack gap="xs">
          <Text size="sm">Signed out within a minute are:</Text>
          <List size="sm">
            <List.Item>all browsers, this one too</List.Item>
            <List.Item>all editors</List.Item>
            <List.Item>all terminals that use a management key</List.Item>
          </List>
          <Text size="sm">Your OpenClaw goes on running, and so do keys you gave to programs.</Text>
        </Stack>
      </ConfirmDialog>
    </>
  );
}
