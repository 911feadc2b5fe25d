import { Button, Group, Stack } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useMutation } from "@tanstack/react-query";
import { type KeyFields as Fields, keyErrors } from "../../lib/keyForm.ts";
import { RequestError } from "../../lib/requestError.ts";
import { Failure } from "../ui/Failure.tsx";
import { KeyFields } from "./KeyFields.tsx";

interface KeyFormProps<T> {
  initial: Fields;
  /** The verb of the button. */
  confirm: string;
  /** What is said above a refusal. */
  failed: string;
  submit: (fields: Fields) => Promise<T>;
  onCancel: () => void;
  onDone: (answer: T) => void;
}

/** Checks before it sends, says at each field what is wrong, and goes to the first such field. */
export function KeyForm<T>({ initial, confirm, failed, submit, onCancel, onDone }: KeyFormProps<T>) {
  const form = useForm<Fields>({
    mode: "uncontrolled",
    initialValues: initial,
    validate: (fields) => keyErrors(fields, Date.now(), initial),
  });
  const send = useMutation({
    mutationFn: submit,
    onSuccess: onDone,
    onError: (error) => {
      if (!isTaken(error)) return;
      form.setFieldError("name", "One of your keys has this name. Choose another.");
      form.getInputNode("name")?.focus();
    },
    // The answer may hold a secret: nothing keeps it but what shows it.
    gcTime: 0,
  });
  function focusFirst(errors: Readonly<Record<string, unknown>>) {
    const field = Object.keys(errors)[0];
    if (field !== undefined) form.getInputNode(field)?.focus();
  }
  return (
    <form noValidate onSubmit={form.onSubmit((fields) => send.mutate(fields), focusFirst)}>
      <Stack gap="md">
        <KeyFields form={form} />
        {send.isError && !isTaken(send.error) && <Failure title={failed} error={send.error} />}
        <Group justify="flex-end" gap="sm">
          <Button variant="default" onClick={onCancel}>
            Cancel
          </Button>
          <Button type="submit" loading={send.isPending}>
            {confirm}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

function isTaken(error: unknown): boolean {
  return error instanceof RequestError && error.code === "taken";
}
