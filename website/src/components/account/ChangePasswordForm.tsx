import { Button, Group, PasswordInput, Stack, VisuallyHidden } from "@mantine/core";
import { useForm } from "@mantine/form";
import { Password } from "@oa/contract/accounts";
import { useMutation } from "@tanstack/react-query";
import * as z from "zod";
import { accountApi } from "../../lib/accountApi.ts";
import { fieldErrors, validateWith } from "../../lib/fieldErrors.ts";
import { goToSignIn } from "../../lib/goToSignIn.ts";
import { useLive } from "../../lib/live.tsx";
import { RequestError } from "../../lib/requestError.ts";
import { Failure } from "../ui/Failure.tsx";
import { NewPasswordField } from "./NewPasswordField.tsx";

interface ChangePasswordFormProps {
  hasPassword: boolean;
  email: string;
  onCancel: () => void;
  onDone: () => void;
}

const Fields = z.object({ current_password: z.string(), new_password: Password });
const WithCurrent = Fields.extend({ current_password: z.string().min(1, "type your password of today") });

/** Two fields and, unseen, the e-mail, so that a password manager knows whose password changes. */
export function ChangePasswordForm({ hasPassword, email, onCancel, onDone }: ChangePasswordFormProps) {
  const { renewing } = useLive().account;
  const form = useForm({
    mode: "uncontrolled",
    initialValues: { current_password: "", new_password: "" },
    validate: validateWith(hasPassword ? WithCurrent : Fields),
  });
  const change = useMutation({
    mutationFn: ({ current_password, new_password }: z.input<typeof Fields>) =>
      renewing(() => accountApi.changePassword({ ...(hasPassword ? { current_password } : {}), new_password })),
    onSuccess: onDone,
    onError: (error) => {
      const errors = fieldErrors(error);
      form.setErrors(errors);
      focusFirst(errors);
    },
    gcTime: 0,
  });
  function focusFirst(errors: Readonly<Record<string, unknown>>) {
    const field = Object.keys(errors)[0];
    if (field !== undefined) form.getInputNode(field)?.focus();
  }
  const shownAtFields = change.isError && Object.keys(fieldErrors(change.error)).length > 0;
  const stale = change.error instanceof RequestError && change.error.code === "forbidden";
  return (
    <form noValidate onSubmit={form.onSubmit((values) => change.mutate(values), focusFirst)}>
      <Stack gap="md">
        <VisuallyHidden>
          <input
            type="email"
            name="email"
            autoComplete="username"
            defaultValue={email}
            readOnly
            tabIndex={-1}
            aria-label="E-mail"
          />
        </VisuallyHidden>
        {change.isError && !shownAtFields && (
          <Failure title="The password is as it was" error={change.error}>
            {stale && (
              <Button size="xs" variant="default" onClick={goToSignIn}>
                Sign in again
              </Button>
            )}
          </Failure>
        )}
        {hasPassword && (
          <PasswordInput
            label="Password of today"
            name="current_password"
            autoComplete="current-password"
            required
            withAsterisk={false}
            data-autofocus
            visibilityToggleButtonProps={{ "aria-label": "Show or hide the password of today", tabIndex: 0 }}
            key={form.key("current_password")}
            {...form.getInputProps("current_password")}
          />
        )}
        <NewPasswordField
          label="New password"
          name="new_password"
          key={form.key("new_password")}
          {...form.getInputProps("new_password")}
        />
        <Group justify="flex-end" gap="sm">
          <Button variant="default" onClick={onCancel}>
            Cancel
          </Button>
          <Button type="submit" loading={change.isPending}>
            {hasPassword ? "Change it" : "Set it"}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
