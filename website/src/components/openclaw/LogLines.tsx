import { Box, Text } from "@mantine/core";
import { useEffect, useRef } from "react";
import { formatAbsolute } from "../../lib/format.ts";
import type { LogEntry, LogLevel } from "../../lib/logBuffer.ts";

const LEVEL_COLORS: Readonly<Record<LogLevel, string>> = {
  debug: "dimmed",
  info: "inherit",
  warn: "var(--mantine-color-orange-light-color)",
  error: "var(--mantine-color-error)",
};

interface LogLinesProps {
  lines: readonly LogEntry[];
  /** Keeps the end in view, unless the reader has scrolled away from it. */
  following: boolean;
  empty: string;
}

/** The lines in a box of their own that scrolls and can be reached by keyboard. */
export function LogLines({ lines, following, empty }: LogLinesProps) {
  const box = useRef<HTMLDivElement>(null);
  const atEnd = useRef(true);
  useEffect(() => {
    if (following && lines.length > 0 && atEnd.current) box.current?.scrollTo({ top: box.current.scrollHeight });
  }, [following, lines]);
  return (
    <Box
      ref={box}
      role="log"
      aria-label="Log lines"
      aria-live="off"
      tabIndex={0}
      h={320}
      p="xs"
      bg="var(--oa-surface)"
      ff="monospace"
      fz={12}
      lh={1.6}
      bd="1px solid var(--mantine-color-default-border)"
      bdrs="md"
      style={{ overflow: "auto", overflowWrap: "anywhere" }}
      onScroll={({ currentTarget: { scrollTop, clientHeight, scrollHeight } }) => {
        atEnd.current = scrollHeight - scrollTop - clientHeight < 24;
      }}
    >
      {lines.length === 0 ? (
        <Text size="sm" c="dimmed">
          {empty}
        </Text>
      ) : (
        lines.map((line) => (
          <Box key={line.seq} c={LEVEL_COLORS[line.level]}>
            <Text span inherit c="dimmed" title={formatAbsolute(line.at)}>
              {clock(line.at)}
            </Text>{" "}
            {line.level === "info" ? "" : `${line.level.toUpperCase()} `}
            {line.text}
          </Box>
        ))
      )}
    </Box>
  );
}

const CLOCK = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit" });

function clock(at: number): string {
  return CLOCK.format(at);
}
