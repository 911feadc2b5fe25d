import { Badge, Code, EmptyState, Group, Stack, Text } from "@mantine/core";
import type { ProvisionedKey } from "@oa/contract/keys";
import { formatUsd } from "@oa/contract/money";
import { IconKey } from "@tabler/icons-react";
import { keyState } from "../../lib/keyView.ts";
import { spentNow } from "../../lib/keyWindows.ts";
import { useNow } from "../../lib/useNow.ts";
import { LinkButton, TextLink } from "../ui/Links.tsx";
import { ListRow, RowList } from "../ui/Lists.tsx";
import { RelativeTime } from "../ui/RelativeTime.tsx";
import { KeyBadge } from "./KeyBadge.tsx";
import { LimitBar } from "./LimitBar.tsx";
import { NewKeyButton } from "./NewKeyButton.tsx";

/** A person's own keys; where there are none, what they are for. */
export function KeyList({ keys, onNew }: { keys: readonly ProvisionedKey[]; onNew: () => void }) {
  if (keys.length === 0) {
    return (
      <EmptyState
        icon={<IconKey aria-hidden />}
        title="You have no key yet"
        description="A key lets a program of yours use models on your credits: a script, an editor, anything that speaks OpenAI's API. Give each its own, with a limit, and take back one without touching the others."
      >
        <EmptyState.Actions>
          <NewKeyButton onClick={onNew} />
        </EmptyState.Actions>
      </EmptyState>
    );
  }
  return (
    <RowList label="Keys">
      {keys.map((key) => (
        <KeyRow key={key.hash} apiKey={key} />
      ))}
    </RowList>
  );
}

/** One key: what it is called, how it stands, what it has spent; the rest is on its page. */
export function KeyRow({ apiKey }: { apiKey: ProvisionedKey }) {
  const now = useNow(30_000);
  const { hash, name, prefix, last_used_at, expires_at, instance_id } = apiKey;
  return (
    <ListRow>
      <Stack gap={6} flex="1 1 260px" miw={0}>
        <Group gap="xs" style={{ rowGap: 0 }}>
          <TextLink to="/openclaw/keys/$hash" params={{ hash }} fw={600} style={{ overflowWrap: "anywhere" }}>
            {name}
          </TextLink>
          <KeyBadge state={keyState(apiKey, now)} />
          {instance_id !== null && <Badge variant="light">Your OpenClaw</Badge>}
        </Group>
        <LimitBar apiKey={apiKey} now={now} />
        <Text size="sm" c="dimmed" style={{ fontVariantNumeric: "tabular-nums" }}>
          {formatUsd(spentNow(apiKey, "daily", now))} today · {formatUsd(spentNow(apiKey, "weekly", now))} this week ·{" "}
          {formatUsd(spentNow(apiKey, "monthly", now))} this month
        </Text>
        <Text size="sm" c="dimmed" style={{ overflowWrap: "anywhere" }}>
          <Code>{prefix}…</Code> ·{" "}
          {last_used_at === null ? (
            "never used"
          ) : (
            <>
              last used <RelativeTime at={last_used_at} />
            </>
          )}
          {expires_at !== null && (
            <>
              {" · "}
              {expires_at > now ? "until" : "ended"} <KeyEnd at={expires_at} />
            </>
          )}
        </Text>
      </Stack>
      <LinkButton
        to="/openclaw/keys/$hash"
        params={{ hash }}
        variant="default"
        size="xs"
        aria-label={`Details of ${name}`}
      >
        Details
      </LinkButton>
    </ListRow>
  );
}

/** The day a key ends, in UTC as it was chosen. */
function KeyEnd({ at }: { at: number }) {
  const day = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeZone: "UTC" }).format(at);
  return <time dateTime={new Date(at).toISOString()}>{day} (UTC)</time>;
}
