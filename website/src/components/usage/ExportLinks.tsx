import { Button, Group } from "@mantine/core";
import { IconDownload } from "@tabler/icons-react";
import { exportAddress } from "../../lib/creditsApi.ts";

/** Files of everything, or of some days: for spreadsheets and for programs. */
export function ExportLinks({ what, days }: { what: "ledger" | "usage"; days?: { from?: string; to?: string } }) {
  return (
    <Group gap="xs">
      {(["csv", "jsonl"] as const).map((format) => (
        <Button
          key={format}
          component="a"
          href={exportAddress(what, { format, ...days })}
          download
          variant="default"
          size="xs"
          leftSection={<IconDownload size={14} aria-hidden />}
          aria-label={`Download the ${what} as ${format.toUpperCase()}`}
        >
          {format.toUpperCase()}
        </Button>
      ))}
    </Group>
  );
}
