import { VisuallyHidden } from "@mantine/core";
import type { PropsWithChildren } from "react";

/** Text that screen readers speak when it changes, without moving the focus. Not seen: what is seen stands beside it. */
export function Announcement({ children }: PropsWithChildren) {
  return (
    <VisuallyHidden>
      <output>{children}</output>
    </VisuallyHidden>
  );
}
