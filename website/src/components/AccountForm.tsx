import { Button, PasswordInput, Stack, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { WebCredentials, WebSignIn } from "@oa/contract/worker";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { fieldErrors, validateWith } from "../lib/fieldErrors.ts";
import { sessionQuery } from "../lib/queries.ts";
import { webApi } from "../lib/webApi.ts";
import { Failure } from "./ui/Failure.tsx";

interface AccountFormProps {
  /** `sign-up` checks the password's rules first and lets a password manager offer a new one. */
  mode: "sign-up" | "sign-in";
  onSignedIn: () => void;
}

/** E-mail and password. Native fields with their autocomplete names, so that password managers know what they are. */
export function AccountForm({ mode, onSignedIn }: AccountFormProps) {
  const queryClient = useQueryClient();
  const signingUp = mode === "sign-up";
  const form = useForm({
    mode: "uncontrolled",
    initialValues: { email: "", password: "" },
    validate: validateWith(signingUp ? WebCredentials : WebSignIn),
  });
  const send = useMutation({
    mutationFn: (values: { email: string; password: string }) =>
      signingUp ? webApi.signUp(values) : webApi.signIn(values),
    onSuccess: ({ user }) => {
      queryClient.setQueryData(sessionQuery().queryKey, { user });
      onSignedIn();
    },
    onError: (error) => {
      const errors = fieldErrors(error);
      form.setErrors(errors);
      focusFirst(Object.keys(errors));
    },
  });
  function focusFirst(fields: readonly string[]) {
    const field = fields[0];
    if (field !== undefined) form.getInputNode(field)?.focus();
  }
  const shownAtFields = send.isError && Object.keys(fieldErrors(send.error)).length > 0;
  return (
    <form
      noValidate
      onSubmit={form.onSubmit(
        (values) => send.mutate(values),
        (errors) => focusFirst(Object.keys(errors)),
      )}
    >
      <Stack gap="md">
        {send.isError && !shownAtFields && (
          <Failure title={signingUp ? "The account was not created" : "You are not signed in"} error={send.error} />
        )}
        <TextInput
          label="E-mail"
          type="email"
          name="email"
          inputMode="email"
          autoComplete={signingUp ? "email" : "username"}
          autoCapitalize="none"
          spellCheck={false}
          required
          withAsterisk={false}
          key={form.key("email")}
          {...form.getInputProps("email")}
        />
        <PasswordInput
          label="Password"
          name="password"
          autoComplete={signingUp ? "new-password" : "current-password"}
          required
          withAsterisk={false}
          visibilityToggleButtonProps={{ "aria-label": "Show or hide the password", tabIndex: 0 }}
          {...(signingUp ? { description: "At least 10 characters." } : {})}
          key={form.key("password")}
          {...form.getInputProps("password")}
        />
        <Button type="submit" size="md" fullWidth loading={send.isPending}>
          {signingUp ? "Create account" : "Sign in"}
        </Button>
      </Stack>
    </form>
  );
}
