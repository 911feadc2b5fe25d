import { Text, type TextProps, Tooltip } from "@mantine/core";
import { formatAbsolute, formatAgo, formatSince } from "../../lib/format.ts";
import { useAtNow } from "../../lib/useNow.ts";

type TimeProps = { at: number } & Omit<TextProps, "children">;

/** "5 min ago", with the date, time and zone on hover. */
export function RelativeTime({ at, ...text }: TimeProps) {
  const ago = useAtNow(1_000, (now) => formatAgo(at, now));
  return <Moment at={at} words={ago} {...text} />;
}

/** "for 5 min": how long something has held that began then; the date, time and zone on hover. */
export function SinceTime({ at, ...text }: TimeProps) {
  const since = useAtNow(1_000, (now) => formatSince(at, now));
  return <Moment at={at} words={since} {...text} />;
}

function Moment({ at, words, ...text }: TimeProps & { words: string }) {
  return (
    <Tooltip label={formatAbsolute(at)} events={{ hover: true, focus: true, touch: true }}>
      <Text span inherit {...text}>
        <time dateTime={new Date(at).toISOString()}>{words}</time>
      </Text>
    </Tooltip>
  );
}
