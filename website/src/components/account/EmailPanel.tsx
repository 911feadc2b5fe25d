import { Badge, Button, Group, Stack, Text } from "@mantine/core";
import type { MyAccount } from "@oa/contract/accountsApi";
import { IconCircleCheck, IconMail } from "@tabler/icons-react";
import { useMutation, useQuery } from "@tanstack/react-query";
import { accountApi } from "../../lib/accountApi.ts";
import { configQuery } from "../../lib/queries.ts";
import { Failure } from "../ui/Failure.tsx";
import { Panel } from "../ui/Panel.tsx";
import { RelativeTime } from "../ui/RelativeTime.tsx";
import { Notice } from "./Notice.tsx";
import { OutboxHint } from "./OutboxHint.tsx";

/** The address, and whether it is known to be this person's. */
export function EmailPanel({ account }: { account: MyAccount }) {
  const verifiedAt = account.email_verified_at;
  return (
    <Panel title="E-mail">
      <Group gap="xs">
        <Text fw={600} style={{ overflowWrap: "anywhere" }}>
          {account.user.email}
        </Text>
        {verifiedAt === null ? (
          <Badge variant="light" color="orange" autoContrast={false}>
            Not verified
          </Badge>
        ) : (
          <Badge
            variant="light"
            color="green"
            autoContrast={false}
            leftSection={<IconCircleCheck size={12} aria-hidden />}
          >
            Verified
          </Badge>
        )}
      </Group>
      {verifiedAt === null ? (
        <Verification />
      ) : (
        <Text size="sm" c="dimmed">
          Verified <RelativeTime at={verifiedAt} />.
        </Text>
      )}
    </Panel>
  );
}

function Verification() {
  const config = useQuery(configQuery());
  const send = useMutation({ mutationFn: () => accountApi.sendVerification() });
  if (config.data?.mail === false) {
    return (
      <Text size="sm" c="dimmed">
        This installation sends no mail, so it cannot be verified here.
      </Text>
    );
  }
  return (
    <Stack gap="sm" align="flex-start">
      <Text size="sm" c="dimmed">
        Verify it, so that a lost password can be reset and nobody else can claim the address.
      </Text>
      {send.isError && <Failure title="No mail was sent" error={send.error} />}
      {send.isSuccess && (
        <Notice kind="done" title="Look at your mail">
          <Stack gap="xs">
            <Text size="sm">Open the link in it in this browser, within the hour.</Text>
            <OutboxHint />
          </Stack>
        </Notice>
      )}
      <Button
        variant="default"
        leftSection={<IconMail size={16} aria-hidden />}
        loading={send.isPending}
        onClick={() => send.mutate()}
      >
        {send.isSuccess ? "Send it again" : "Send me the link"}
      </Button>
    </Stack>
  );
}
