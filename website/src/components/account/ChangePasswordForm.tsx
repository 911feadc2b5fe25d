import { Button, Group, PasswordInput, Stack, VisuallyHidden } from "@mantine/core";
import { schemaResolver, useForm } from "@mantine/form";
import { Password } from "@oa/contract/accounts";
import { useMutation } from "@tanstack/react-query";
import * as z from "zod";
import { accountApi } from "../../lib/accountApi.ts";
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

const Fields = z.object({ current: z.string(), next: Password });
const WithCurrent = Fields.extend({ current: z.string().min(1, "type your password of today") });

/** Two fields and, unseen, the e-mail, so that a password manager knows whose password changes. */
export function ChangePasswordForm({ hasPassword, email, onCancel, onDone }: ChangePasswordFormProps) {
  const { renew } = useLive().account;
  const form = useForm({
    mode: "uncontrolled",
    initialValues: { current: "", next: "" },
    validate: schemaResolver(hasPassword ? WithCurrent : Fields, { sync: true }),
  });
  const change = useMutation({
    mutationFn: ({ current, next }: { current: string; next: string }) =>
      accountApi.changePassword({ ...(hasPassword ? { current_password: current } : {}), new_password: next }),
    onSuccess: () => {
      renew();
      onDone();
    },
    onError: (error) => {
      const wrong = currentIsWrong(error);
      if (wrong) form.setErrors({ current: "That is not your password of today." });
      if (wrong) form.getInputNode("current")?.focus();
    },
    gcTime: 0,
  });
  const stale = change.error instanceof RequestError && change.error.code === "forbidden";
  return (
    <form
      noValidate
      onSubmit={form.onSubmit(
        (values) => change.mutate(values),
        (errors) => form.getInputNode(Object.keys(errors)[0] ?? "next")?.focus(),
      )}
    >
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
        {change.isError && !currentIsWrong(change.error) && (
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
            name="current"
            autoComplete="current-password"
            required
            withAsterisk={false}
            data-autofocus
            visibilityToggleButtonProps={{ "aria-label": "Show or hide the password of today", tabIndex: 0 }}
            key={form.key("current")}
            {...form.getInputProps("current")}
          />
        )}
        <NewPasswordField label="New password" name="next" key={form.key("next")} {...form.getInputProps("next")} />
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

function currentIsWrong(error: unknown): boolean {
  return error instanceof RequestError && error.code === "invalid_credentials";
}
