import { Button, Stack, Text, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { ForgotPassword } from "@oa/contract/accountsApi";
import { useMutation } from "@tanstack/react-query";
import { accountApi } from "../../lib/accountApi.ts";
import { validateWith } from "../../lib/fieldErrors.ts";
import { Failure } from "../ui/Failure.tsx";
import { Notice } from "./Notice.tsx";
import { OutboxHint } from "./OutboxHint.tsx";

/** Asks for the link. What it says afterwards is the same for an address that nobody has. */
export function ForgotForm() {
  const form = useForm({
    mode: "uncontrolled",
    initialValues: { email: "" },
    validate: validateWith(ForgotPassword),
  });
  const send = useMutation({ mutationFn: accountApi.forgotPassword });
  if (send.isSuccess) {
    return (
      <Notice kind="done" title="Look at your mail">
        <Stack gap="xs">
          <Text size="sm" style={{ overflowWrap: "anywhere" }}>
            If {send.variables.email} has an account here, a link is on its way. It works once, for an hour.
          </Text>
          <OutboxHint />
        </Stack>
      </Notice>
    );
  }
  return (
    <form
      noValidate
      onSubmit={form.onSubmit(
        (values) => send.mutate(values),
        () => form.getInputNode("email")?.focus(),
      )}
    >
      <Stack gap="md">
        {send.isError && <Failure title="No link was sent" error={send.error} />}
        <TextInput
          label="E-mail"
          type="email"
          name="email"
          inputMode="email"
          autoComplete="username"
          autoCapitalize="none"
          spellCheck={false}
          required
          withAsterisk={false}
          key={form.key("email")}
          {...form.getInputProps("email")}
        />
        <Button type="submit" size="md" fullWidth loading={send.isPending}>
          Send me a link
        </Button>
      </Stack>
    </form>
  );
}
