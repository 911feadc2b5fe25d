import { Text, type TextProps, Tooltip } from "@mantine/core";
import { formatAbsolute, formatAgo } from "../../lib/format.ts";
import { useAtNow } from "../../lib/useNow.ts";

/** "5 min ago", with the date, time and zone on hover and for screen readers that read `title`. */
export function RelativeTime({ at, ...text }: { at: number } & Omit<TextProps, "children">) {
  const ago = useAtNow(1_000, (now) => formatAgo(at, now));
  return (
    <Tooltip label={formatAbsolute(at)} events={{ hover: true, focus: true, touch: true }}>
      <Text span inherit {...text}>
        <time dateTime={new Date(at).toISOString()}>{ago}</time>
      </Text>
    </Tooltip>
  );
}
