import { Button, Group, Modal, NumberInput, SegmentedControl, Stack, Text, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { notifications } from "@mantine/notifications";
import type { AdminUser } from "@oa/contract/admin";
import { formatUsdExact, microOfUsd, microUsd } from "@oa/contract/money";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { adminApi } from "../../lib/adminApi.ts";
import { type Adjustment, adjustmentErrors, adjustmentUsd } from "../../lib/adjustment.ts";
import { Failure } from "../ui/Failure.tsx";

interface AdjustDialogProps {
  opened: boolean;
  onClose: () => void;
  user: AdminUser;
}

/** Adds credits to an account, or takes some away, after showing what the balance will be. */
export function AdjustDialog({ opened, onClose, user }: AdjustDialogProps) {
  return (
    <Modal
      opened={opened}
      onClose={onClose}
      title={`Credits of ${user.email}`}
      centered
      closeButtonProps={{ "aria-label": "Close" }}
    >
      <Fields user={user} onClose={onClose} />
    </Modal>
  );
}

/** Inside the modal: each opening is one adjustment, however often its button is pressed. */
function Fields({ user, onClose }: { user: AdminUser; onClose: () => void }) {
  const [idempotencyKey] = useState(() => crypto.randomUUID());
  const form = useForm<Adjustment>({
    initialValues: { direction: "add", amount: "", reason: "" },
    validate: adjustmentErrors,
  });
  const usd = adjustmentUsd(form.values);
  const balance = microOfUsd(user.balance_usd);
  const adjust = useMutation({
    mutationFn: (fields: Adjustment) =>
      adminApi.adjustCredits(user.user_id, {
        amount_usd: adjustmentUsd(fields) ?? 0,
        reason: fields.reason.trim(),
        idempotency_key: idempotencyKey,
      }),
    onSuccess: ({ balance_after_microusd }) => {
      onClose();
      notifications.show({
        color: "green",
        message: `${user.email} now has ${formatUsdExact(balance_after_microusd)}.`,
        role: "status",
      });
    },
  });
  const words = form.values.direction === "add" ? "Add" : "Take away";
  return (
    <form
      noValidate
      onSubmit={form.onSubmit(
        (fields) => adjust.mutate(fields),
        (errors) => form.getInputNode(Object.keys(errors)[0] ?? "")?.focus(),
      )}
    >
      <Stack gap="md">
        <SegmentedControl
          aria-label="What to do"
          data={[
            { value: "add", label: "Add" },
            { value: "take", label: "Take away" },
          ]}
          {...form.getInputProps("direction")}
        />
        <NumberInput
          label="Amount"
          prefix="$"
          allowNegative={false}
          decimalScale={6}
          thousandSeparator=","
          hideControls
          clampBehavior="none"
          inputMode="decimal"
          data-autofocus
          {...form.getInputProps("amount")}
        />
        <TextInput
          label="Reason"
          description="Its owner reads it in the ledger."
          maxLength={200}
          autoComplete="off"
          {...form.getInputProps("reason")}
        />
        <Text size="sm">
          Balance now: {formatUsdExact(balance)}
          {usd !== null && `. Afterwards: ${formatUsdExact(microUsd(balance + microOfUsd(usd)))}`}.
        </Text>
        {adjust.isError && <Failure title="Nothing was posted" error={adjust.error} />}
        <Group justify="flex-end" gap="sm">
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button
            type="submit"
            loading={adjust.isPending}
            {...(form.values.direction === "take" ? { color: "red.9" } : {})}
          >
            {usd === null ? words : `${words} ${formatUsdExact(microUsd(Math.abs(microOfUsd(usd))))}`}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
