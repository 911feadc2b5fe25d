import { Button, Menu, Text, TextInput } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import type { AdminUser } from "@oa/contract/admin";
import { IconChevronDown, IconPlusMinus, IconSnowflake, IconSnowflakeOff } from "@tabler/icons-react";
import { useState } from "react";
import { adminApi } from "../../lib/adminApi.ts";
import { ConfirmDialog } from "../ui/ConfirmDialog.tsx";
import { AdjustDialog } from "./AdjustDialog.tsx";

/** What an admin does about someone's credits. Each act takes a reason and is noted with the admin's name. */
export function CreditActs({ user }: { user: AdminUser }) {
  const [asked, setAsked] = useState<"adjust" | "freeze" | null>(null);
  const [reason, setReason] = useState("");
  const frozen = user.credits_status === "frozen";
  const close = () => {
    setAsked(null);
    setReason("");
  };
  return (
    <>
      <Menu position="bottom-end" withinPortal>
        <Menu.Target>
          <Button
            variant="default"
            size="xs"
            rightSection={<IconChevronDown size={14} aria-hidden />}
            aria-label={`Act on the credits of ${user.email}`}
          >
            Credits
          </Button>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item leftSection={<IconPlusMinus size={16} aria-hidden />} onClick={() => setAsked("adjust")}>
            Add or take away…
          </Menu.Item>
          <Menu.Item
            leftSection={frozen ? <IconSnowflakeOff size={16} aria-hidden /> : <IconSnowflake size={16} aria-hidden />}
            onClick={() => setAsked("freeze")}
          >
            {frozen ? "Unfreeze…" : "Freeze…"}
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
      <AdjustDialog opened={asked === "adjust"} onClose={close} user={user} />
      <ConfirmDialog
        opened={asked === "freeze"}
        onClose={close}
        title={`${frozen ? "Unfreeze" : "Freeze"} the credits of ${user.email}?`}
        confirm={frozen ? "Unfreeze" : "Freeze"}
        danger={!frozen}
        ready={reason.trim().length >= 3}
        act={() => adminApi.freezeCredits(user.user_id, { frozen: !frozen, reason: reason.trim() })}
        onDone={() =>
          notifications.show({
            color: "green",
            message: `The credits of ${user.email} are ${frozen ? "free to spend again" : "frozen"}.`,
            role: "status",
          })
        }
      >
        <Text size="sm">
          {frozen
            ? "Model calls are let through again, as far as the balance goes."
            : "Nothing can be spent until someone unfreezes them. Calls under way are settled, credits still arrive, nothing is taken away."}
        </Text>
        <TextInput
          label="Reason"
          description="At least three letters. It is noted, and its owner reads it."
          value={reason}
          onChange={(event) => setReason(event.currentTarget.value)}
          maxLength={200}
          autoComplete="off"
          data-autofocus
        />
      </ConfirmDialog>
    </>
  );
}
