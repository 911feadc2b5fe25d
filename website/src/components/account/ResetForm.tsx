import { Button, Stack, Text } from "@mantine/core";
import { useForm } from "@mantine/form";
import { ResetPassword } from "@oa/contract/accountsApi";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { accountApi } from "../../lib/accountApi.ts";
import { fieldErrors, validateWith } from "../../lib/fieldErrors.ts";
import { sessionQuery } from "../../lib/queries.ts";
import { RequestError } from "../../lib/requestError.ts";
import { Failure } from "../ui/Failure.tsx";
import { LinkButton } from "../ui/Links.tsx";
import { NewPasswordField } from "./NewPasswordField.tsx";
import { Notice } from "./Notice.tsx";

/** Uses a link up. It signs nobody in: the new password does that, on the page after. */
export function ResetForm({ token }: { token: string }) {
  const queryClient = useQueryClient();
  const form = useForm({
    mode: "uncontrolled",
    initialValues: { password: "" },
    validate: validateWith(ResetPassword.pick({ password: true })),
  });
  const reset = useMutation({
    mutationFn: ({ password }: { password: string }) => accountApi.resetPassword({ token, password }),
    // Whoever was signed in here is not any more.
    onSuccess: () => queryClient.setQueryData(sessionQuery().queryKey, { user: null }),
    onError: (error) => form.setErrors(fieldErrors(error)),
    gcTime: 0,
  });
  if (reset.isSuccess) {
    return (
      <Stack gap="md">
        <Notice kind="done" title="Your new password is set">
          <Text size="sm">The link is used up. Sign in with the new password.</Text>
        </Notice>
        <LinkButton to="/sign-in" size="md" fullWidth replace>
          Sign in
        </LinkButton>
      </Stack>
    );
  }
  const shownAtField = Object.keys(fieldErrors(reset.error)).length > 0;
  const expired = reset.error instanceof RequestError && reset.error.code === "expired";
  return (
    <form
      noValidate
      onSubmit={form.onSubmit(
        (values) => reset.mutate(values),
        () => form.getInputNode("password")?.focus(),
      )}
    >
      <Stack gap="md">
        {reset.isError && !shownAtField && (
          <Failure title="The password is as it was" error={reset.error}>
            {expired && (
              <LinkButton to="/forgot-password" size="xs" variant="default">
                Send me a new link
              </LinkButton>
            )}
          </Failure>
        )}
        <NewPasswordField
          label="New password"
          name="password"
          key={form.key("password")}
          {...form.getInputProps("password")}
        />
        <Button type="submit" size="md" fullWidth loading={reset.isPending}>
          Set the password
        </Button>
      </Stack>
    </form>
  );
}
