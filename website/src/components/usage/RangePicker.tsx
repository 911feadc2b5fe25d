import { Button, Group, SegmentedControl, Stack, Text, TextInput } from "@mantine/core";
import { type FormEvent, useState } from "react";
import { longDay } from "../../lib/days.ts";
import {
  type Preset,
  PRESET_WORDS,
  PRESETS,
  type Range,
  rangeProblem,
  type RangeSearch,
} from "../../lib/usageRange.ts";

const OWN = "own";

/** Which days: a usual range with one click, or two days of one's own. What is chosen stands in the address. */
export function RangePicker({ range, onChange }: { range: Range; onChange: (search: RangeSearch) => void }) {
  const [own, setOwn] = useState(range.preset === null);
  function choose(value: Preset | typeof OWN) {
    setOwn(value === OWN);
    if (value !== OWN) onChange({ range: value });
  }
  return (
    <Stack gap="xs">
      <Group gap="sm">
        <SegmentedControl
          size="xs"
          aria-label="Days"
          data={[...PRESETS.map((value) => ({ value, label: PRESET_WORDS[value] })), { value: OWN, label: "Choose…" }]}
          value={own || range.preset === null ? OWN : range.preset}
          onChange={choose}
        />
        <Text size="sm" c="dimmed">
          {longDay(range.from)} to {longDay(range.to)}, UTC
        </Text>
      </Group>
      {own && <OwnDays range={range} onChange={onChange} />}
    </Stack>
  );
}

function OwnDays({ range, onChange }: { range: Range; onChange: (search: RangeSearch) => void }) {
  const [from, setFrom] = useState(range.from);
  const [to, setTo] = useState(range.to);
  const [problem, setProblem] = useState<string | null>(null);
  function submit(event: FormEvent) {
    event.preventDefault();
    const found = rangeProblem(from, to);
    setProblem(found);
    if (found === null) onChange({ from, to });
  }
  return (
    <form noValidate onSubmit={submit}>
      <Group gap="sm" align="flex-end">
        <TextInput
          type="date"
          size="xs"
          label="First day"
          value={from}
          onChange={(event) => setFrom(event.currentTarget.value)}
        />
        <TextInput
          type="date"
          size="xs"
          label="Last day"
          value={to}
          onChange={(event) => setTo(event.currentTarget.value)}
        />
        <Button type="submit" size="xs" variant="default">
          Show
        </Button>
      </Group>
      {problem !== null && (
        <Text role="alert" size="sm" c="var(--mantine-color-error)" mt={6}>
          {problem}
        </Text>
      )}
    </form>
  );
}
