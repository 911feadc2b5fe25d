import { Badge } from "@mantine/core";
import { KEY_STATES, type KeyState } from "../../lib/keyView.ts";

/** How a key stands, in a word. */
export function KeyBadge({ state }: { state: KeyState }) {
  const { word, color } = KEY_STATES[state];
  return (
    <Badge variant="light" color={color} autoContrast={false}>
      {word}
    </Badge>
  );
}
