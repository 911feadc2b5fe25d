import { Button } from "@mantine/core";

interface ShowAllProps {
  /** How many there are. */
  total: number;
  all: boolean;
  onChange: (all: boolean) => void;
}

/** Lengthens a list that is cut short, and cuts it again: the button stays where it was, and keeps the focus. */
export function ShowAll({ total, all, onChange }: ShowAllProps) {
  return (
    <Button
      variant="default"
      size="xs"
      aria-expanded={all}
      onClick={() => onChange(!all)}
      style={{ alignSelf: "flex-start" }}
    >
      {all ? "Show fewer" : `Show all ${String(total)}`}
    </Button>
  );
}
