import { Code, DataList, Stack } from "@mantine/core";
import type { ProvisionedKey } from "@oa/contract/keys";
import type { ReactNode } from "react";
import { formatAbsolute } from "../../lib/format.ts";
import { RelativeTime } from "../ui/RelativeTime.tsx";
import { LimitBar } from "./LimitBar.tsx";

/** What a key is: its limit, its secret's beginning, its times. */
export function KeyFacts({ apiKey, now }: { apiKey: ProvisionedKey; now: number }) {
  const { last_used_at, expires_at, rotated_at, revoked_at } = apiKey;
  return (
    <Stack gap="md">
      <LimitBar apiKey={apiKey} now={now} />
      <DataList labelWidth="140px">
        <Fact label="Secret">
          <Code>{apiKey.prefix}…</Code>
        </Fact>
        <Fact label="Public name">
          <Code>{apiKey.hash}</Code>
        </Fact>
        <Fact label="Last used">{last_used_at === null ? "never" : <RelativeTime at={last_used_at} />}</Fact>
        <Fact label="Created">
          <RelativeTime at={apiKey.created_at} />
        </Fact>
        {rotated_at !== null && (
          <Fact label="Rotated">
            <RelativeTime at={rotated_at} />
          </Fact>
        )}
        <Fact label="Works until">{expires_at === null ? "no end" : formatAbsolute(expires_at)}</Fact>
        {revoked_at !== null && (
          <Fact label="Revoked">
            <RelativeTime at={revoked_at} />
          </Fact>
        )}
      </DataList>
    </Stack>
  );
}

function Fact({ label, children }: { label: string; children: ReactNode }) {
  return (
    <DataList.Item>
      <DataList.ItemLabel>{label}</DataList.ItemLabel>
      <DataList.ItemValue style={{ overflowWrap: "anywhere" }}>{children}</DataList.ItemValue>
    </DataList.Item>
  );
}
