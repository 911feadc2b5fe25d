import { Button, Group, Modal, Stack, TextInput } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { type FormEvent, type PropsWithChildren, useState } from "react";
import { Failure } from "./Failure.tsx";

interface ConfirmDialogProps {
  opened: boolean;
  onClose: () => void;
  title: string;
  /** The verb of the button: "Approve", "Restore". */
  confirm: string;
  danger?: boolean;
  /** Must be typed before the button works: for what cannot be undone. */
  phrase?: string;
  /** False keeps the button from working: something in the children is still to be filled in. */
  ready?: boolean;
  /** The dialog stays open while it runs, closes when it is done and shows why when it is not. */
  act: () => Promise<unknown>;
  onDone?: () => void;
}

/** Asks before an act. Children say what will happen. */
export function ConfirmDialog(props: PropsWithChildren<ConfirmDialogProps>) {
  const { opened, onClose, title } = props;
  return (
    <Modal opened={opened} onClose={onClose} title={title} centered closeButtonProps={{ "aria-label": "Close" }}>
      <ConfirmForm {...props} />
    </Modal>
  );
}

/** Inside the modal, so that its state begins anew each time the dialog opens. */
function ConfirmForm({
  onClose,
  confirm,
  danger = false,
  phrase,
  ready = true,
  act,
  onDone,
  children,
}: PropsWithChildren<ConfirmDialogProps>) {
  const [typed, setTyped] = useState("");
  const mutation = useMutation({
    mutationFn: act,
    onSuccess: () => {
      onClose();
      onDone?.();
    },
  });
  const matches = ready && (phrase === undefined || typed.trim().toLowerCase() === phrase);
  function submit(event: FormEvent) {
    event.preventDefault();
    if (matches && !mutation.isPending) mutation.mutate();
  }
  return (
    <form onSubmit={submit}>
      <Stack gap="md">
        {children}
        {phrase !== undefined && (
          <TextInput
            label={`Type "${phrase}" to confirm`}
            value={typed}
            onChange={(event) => setTyped(event.currentTarget.value)}
            autoComplete="off"
            spellCheck={false}
            data-autofocus
          />
        )}
        {mutation.isError && <Failure title="That did not work" error={mutation.error} />}
        <Group justify="flex-end" gap="sm">
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button
            type="submit"
            {...(danger ? { color: "red.9" } : {})}
            disabled={!matches}
            loading={mutation.isPending}
          >
            {confirm}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
