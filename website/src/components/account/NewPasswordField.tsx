import { PasswordInput, type PasswordInputProps } from "@mantine/core";

/** A password to be made up; a password manager offers one. */
export function NewPasswordField(props: PasswordInputProps) {
  return (
    <PasswordInput
      description="At least 10 characters."
      autoComplete="new-password"
      required
      withAsterisk={false}
      visibilityToggleButtonProps={{ "aria-label": "Show or hide the password", tabIndex: 0 }}
      {...props}
    />
  );
}
