import { Button, Modal } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { IconKey } from "@tabler/icons-react";
import { useState } from "react";
import { Panel } from "../ui/Panel.tsx";
import { ChangePasswordForm } from "./ChangePasswordForm.tsx";

/** Changing the password, or setting the first one for someone who came with GitHub or Google. */
export function PasswordPanel({ hasPassword, email }: { hasPassword: boolean; email: string }) {
  const [opened, setOpened] = useState(false);
  const words = hasPassword ? "Change the password" : "Set a password";
  return (
    <Panel
      title="Password"
      description={
        hasPassword
          ? "A change signs out every other browser and every editor."
          : "You have none: you sign in with a linked account. One of your own is a second way in."
      }
    >
      <Button
        variant="default"
        leftSection={<IconKey size={16} aria-hidden />}
        onClick={() => setOpened(true)}
        style={{ alignSelf: "flex-start" }}
      >
        {words}
      </Button>
      <Modal
        opened={opened}
        onClose={() => setOpened(false)}
        title={words}
        centered
        closeButtonProps={{ "aria-label": "Close" }}
      >
        <ChangePasswordForm
          hasPassword={hasPassword}
          email={email}
          onCancel={() => setOpened(false)}
          onDone={() => {
            setOpened(false);
            notifications.show({ color: "green", message: "Your new password is set.", role: "status" });
          }}
        />
      </Modal>
    </Panel>
  );
}
