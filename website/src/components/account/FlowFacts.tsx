import { Alert, Paper, Stack, Text } from "@mantine/core";
import type { EditorFlow } from "@oa/contract/accountsApi";
import { IconAlertTriangle } from "@tabler/icons-react";
import { whereFrom } from "../../lib/authEventView.ts";
import { formatCountdown } from "../../lib/format.ts";
import { RelativeTime } from "../ui/RelativeTime.tsx";

/** The code to compare, where the request came from, and where a yes leads. */
export function FlowFacts({ flow, now }: { flow: EditorFlow; now: number }) {
  const waiting = flow.state === "waiting" && flow.expires_at > now;
  return (
    <Stack gap="md">
      <Paper withBorder p="md" bg="var(--oa-surface)">
        <Stack gap={4} align="center">
          <Text size="sm" c="dimmed" ta="center">
            Your {flow.client} shows the same code:
          </Text>
          <Text fz={{ base: 28, sm: 34 }} fw={700} ff="monospace" style={{ letterSpacing: "0.08em" }}>
            {flow.user_code}
          </Text>
          <Text size="sm" c="dimmed" style={{ fontVariantNumeric: "tabular-nums" }}>
            {waiting ? `${formatCountdown(flow.expires_at, now)} left` : END_WORDS[flow.state]}
          </Text>
        </Stack>
      </Paper>
      <Text size="sm" style={{ overflowWrap: "anywhere" }}>
        Asked <RelativeTime at={flow.created_at} /> from <strong>{whereFrom(flow.asked_from)}</strong>.
        {flow.callback?.kind === "web" && (
          <>
            {" "}
            A yes leads on to <strong>{flow.callback.host}</strong>, with a code that works once.
          </>
        )}
      </Text>
      <Alert color="orange" variant="outline" icon={<IconAlertTriangle aria-hidden />} title="Only if it was you">
        If someone sent you this code or link, deny: they would get into your account.
      </Alert>
    </Stack>
  );
}

const END_WORDS: Readonly<Record<EditorFlow["state"], string>> = {
  waiting: "Its time is up. Start again where you came from.",
  approved: "Already confirmed. There is nothing left to do.",
  denied: "Already denied. Start again where you came from if that was a mistake.",
};
