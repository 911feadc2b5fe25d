import { Button, Menu, Text } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import type { InstanceStatus } from "@oa/contract/instance";
import {
  IconChevronDown,
  IconDevices,
  IconPlayerStop,
  IconRefresh,
  IconTrash,
  type TablerIcon,
} from "@tabler/icons-react";
import { type ReactNode, useState } from "react";
import { adminApi } from "../../lib/adminApi.ts";
import { type AdminAct, adminActs } from "../../lib/adminView.ts";
import { ConfirmDialog } from "../ui/ConfirmDialog.tsx";
import { DevicesDialog } from "./DevicesDialog.tsx";

interface AdminActsProps {
  userId: string;
  /** Whose instance it is, for people. */
  name: string;
  status: InstanceStatus;
}

const LOOKS: Readonly<Record<AdminAct, { label: string; Icon: TablerIcon }>> = {
  devices: { label: "Devices…", Icon: IconDevices },
  restart: { label: "Restart…", Icon: IconRefresh },
  stop: { label: "Stop…", Icon: IconPlayerStop },
  delete: { label: "Delete…", Icon: IconTrash },
};

/** What an admin does about someone else's instance. Each asks first, and says that it is noted. */
export function AdminActs({ userId, name, status }: AdminActsProps) {
  const [asked, setAsked] = useState<AdminAct | null>(null);
  const acts = adminActs(status);
  const close = () => setAsked(null);
  if (acts.length === 0) return null;
  return (
    <>
      <Menu position="bottom-end" withinPortal>
        <Menu.Target>
          <Button
            variant="default"
            size="xs"
            rightSection={<IconChevronDown size={14} aria-hidden />}
            aria-label={`Act on the OpenClaw of ${name}`}
          >
            Act
          </Button>
        </Menu.Target>
        <Menu.Dropdown>
          {acts.map((act) => {
            const { label, Icon } = LOOKS[act];
            return (
              <Menu.Item
                key={act}
                leftSection={<Icon size={16} aria-hidden />}
                onClick={() => setAsked(act)}
                {...(act === "delete" ? { c: "var(--mantine-color-error)" } : {})}
              >
                {label}
              </Menu.Item>
            );
          })}
        </Menu.Dropdown>
      </Menu>
      <DevicesDialog opened={asked === "devices"} onClose={close} userId={userId} name={name} />
      <Ask
        act="restart"
        {...{ asked, close, name }}
        run={() => adminApi.restartInstance(userId)}
        told="is running again"
      >
        The gateway ends and starts again. Devices are cut off for about a quarter of a minute.
      </Ask>
      <Ask act="stop" {...{ asked, close, name }} run={() => adminApi.stopInstance(userId)} told="is being stopped">
        Devices are disconnected and the agent does nothing until its owner starts it again. Data, backups and paired
        devices are kept.
      </Ask>
      <Ask
        act="delete"
        {...{ asked, close, name }}
        run={() => adminApi.deleteInstance(userId)}
        told="is being deleted"
        phrase={name.toLowerCase()}
      >
        This cannot be undone. The agent's memory, sessions, files, settings, all backups and the pairing of every
        device go with it. The account and its credits stay.
      </Ask>
    </>
  );
}

interface AskProps {
  act: Exclude<AdminAct, "devices">;
  asked: AdminAct | null;
  close: () => void;
  name: string;
  run: () => Promise<unknown>;
  /** "… is being stopped", for the notice afterwards. */
  told: string;
  phrase?: string;
  children: ReactNode;
}

const VERBS = { restart: "Restart", stop: "Stop", delete: "Delete" } as const;

function Ask({ act, asked, close, name, run, told, phrase, children }: AskProps) {
  const verb = VERBS[act];
  return (
    <ConfirmDialog
      opened={asked === act}
      onClose={close}
      title={`${verb} the OpenClaw of ${name}?`}
      confirm={verb}
      danger={act !== "restart"}
      {...(phrase === undefined ? {} : { phrase })}
      act={run}
      onDone={() => notifications.show({ color: "green", message: `The OpenClaw of ${name} ${told}.`, role: "status" })}
    >
      <Text size="sm">{children}</Text>
      <Text size="sm" c="dimmed">
        It is noted with your name, and its owner sees that in their activity.
      </Text>
    </ConfirmDialog>
  );
}
