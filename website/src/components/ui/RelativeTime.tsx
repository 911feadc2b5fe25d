import { Text, type TextProps, Tooltip } from "@mantine/core";
import { formatAbsolute, formatAgo } from "../../lib/format.ts";
import { useNow } from "../../lib/useNow.ts";

/** "5 min ago", with the date, time and zone on hover and for screen readers that read `title`. */
export function RelativeTime({ at, ...text }: { at: number } & Omit<TextProps, "children">) {
  const now = useNow(1_000);
  return (
    <Tooltip label={formatAbsolute(at)} events={{ hover: true, focus: true, touch: true }}>
      <Text span inherit {...text}>
        <time dateTime={new Date(at).toISOString()}>{formatAgo(at, now)}</time>
      </Text>
    </Tooltip>
  );
}
