import { Button, Stack, TextInput } from "@mantine/core";
import { UserCode } from "@oa/contract/accountsApi";
import { type FormEvent, useRef, useState } from "react";

/** Eight letters in any case, with or without the hyphen. */
export function UserCodeForm({ onCode }: { onCode: (code: string) => void }) {
  const input = useRef<HTMLInputElement>(null);
  const [refused, setRefused] = useState(false);
  function submit(event: FormEvent) {
    event.preventDefault();
    const code = UserCode.safeParse(input.current?.value ?? "");
    setRefused(!code.success);
    if (code.success) onCode(code.data);
    else input.current?.focus();
  }
  return (
    <form onSubmit={submit} noValidate>
      <Stack gap="md">
        <TextInput
          ref={input}
          label="Code"
          description="Eight letters, as in WDJB-MJHT."
          name="user_code"
          size="lg"
          maxLength={20}
          autoComplete="one-time-code"
          autoCapitalize="characters"
          spellCheck={false}
          styles={{ input: { fontFamily: "var(--mantine-font-family-monospace)", letterSpacing: "0.12em" } }}
          error={refused && "A code has eight letters, without vowels. Compare it once more."}
        />
        <Button type="submit" size="md" fullWidth>
          Continue
        </Button>
      </Stack>
    </form>
  );
}
