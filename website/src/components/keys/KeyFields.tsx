import { NativeSelect, NumberInput, Stack, TextInput } from "@mantine/core";
import type { UseFormReturnType } from "@mantine/form";
import { LimitReset } from "@oa/contract/keys";
import type { KeyFields as Fields } from "../../lib/keyForm.ts";
import { RESET_WORDS } from "../../lib/keyView.ts";

const RESETS = (["never", ...LimitReset.options] as const).map((value) => ({ value, label: RESET_WORDS[value] }));

/** The fields of a new key and of a changed one. */
export function KeyFields({ form }: { form: UseFormReturnType<Fields> }) {
  return (
    <Stack gap="md">
      <TextInput
        label="Name"
        description="What it is for, as you will look for it: a program, a project."
        required
        withAsterisk={false}
        maxLength={100}
        autoComplete="off"
        spellCheck={false}
        data-autofocus
        key={form.key("name")}
        {...form.getInputProps("name")}
      />
      <NumberInput
        label="Limit"
        description="The most it may spend. Empty: whatever your balance has. 0: nothing."
        placeholder="No limit"
        prefix="$"
        min={0}
        allowNegative={false}
        decimalScale={6}
        thousandSeparator=","
        hideControls
        clampBehavior="none"
        inputMode="decimal"
        key={form.key("limit")}
        {...form.getInputProps("limit")}
      />
      <NativeSelect
        label="The limit begins anew"
        data={RESETS}
        key={form.key("reset")}
        {...form.getInputProps("reset")}
      />
      <TextInput
        type="date"
        label="Last day"
        description="It works until the end of that day, in UTC. Empty: it has no end."
        key={form.key("ends")}
        {...form.getInputProps("ends")}
      />
    </Stack>
  );
}
