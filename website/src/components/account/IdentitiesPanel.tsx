import { Button, Group, Stack, Text, ThemeIcon } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import type { LinkedIdentity, MyAccount, OAuthProvider } from "@oa/contract/accountsApi";
import { useMutation, useQuery } from "@tanstack/react-query";
import { type PropsWithChildren, useState } from "react";
import { accountApi } from "../../lib/accountApi.ts";
import { configQuery } from "../../lib/queries.ts";
import { PROVIDER_NAMES } from "../../lib/signInAddress.ts";
import { ConfirmDialog } from "../ui/ConfirmDialog.tsx";
import { Failure } from "../ui/Failure.tsx";
import { ListRow, RowList } from "../ui/Lists.tsx";
import { Panel } from "../ui/Panel.tsx";
import { RelativeTime } from "../ui/RelativeTime.tsx";
import { PROVIDER_ICONS } from "./ProviderButtons.tsx";

/** Accounts elsewhere that sign this person in. Nothing where this installation has none and none is linked. */
export function IdentitiesPanel({ account }: { account: MyAccount }) {
  const config = useQuery(configQuery());
  const linked = account.identities;
  const linkable = (config.data?.sign_in_with ?? []).filter(
    (provider) => !linked.some((identity) => identity.provider === provider),
  );
  if (linked.length === 0 && linkable.length === 0) return null;
  const onlyWay = !account.has_password && linked.length === 1;
  return (
    <Panel title="Other ways to sign in" description="Accounts elsewhere that open this one.">
      <RowList label="Other ways to sign in">
        {linked.map((identity) => (
          <Linked key={identity.identity_id} identity={identity} onlyWay={onlyWay} />
        ))}
        {linkable.map((provider) => (
          <Linkable key={provider} provider={provider} />
        ))}
      </RowList>
    </Panel>
  );
}

function Linked({ identity, onlyWay }: { identity: LinkedIdentity; onlyWay: boolean }) {
  const [asked, setAsked] = useState(false);
  const name = PROVIDER_NAMES[identity.provider];
  return (
    <ListRow>
      <Named provider={identity.provider}>
        <Text size="sm" c="dimmed" style={{ overflowWrap: "anywhere" }}>
          {identity.email !== null && `${identity.email} · `}
          last used <RelativeTime at={identity.last_used_at} />
          {onlyWay && ". Your only way in: set a password before you unlink it."}
        </Text>
      </Named>
      <Button
        variant="default"
        size="xs"
        disabled={onlyWay}
        onClick={() => setAsked(true)}
        aria-label={`Unlink ${name}`}
      >
        Unlink
      </Button>
      <ConfirmDialog
        opened={asked}
        onClose={() => setAsked(false)}
        title={`Unlink ${name}?`}
        confirm="Unlink"
        danger
        act={() => accountApi.unlinkIdentity(identity.identity_id)}
        onDone={() => notifications.show({ color: "green", message: `${name} was unlinked.`, role: "status" })}
      >
        <Text size="sm">It no longer signs you in here. Your account stays as it is, and you can link it again.</Text>
      </ConfirmDialog>
    </ListRow>
  );
}

function Linkable({ provider }: { provider: OAuthProvider }) {
  const link = useMutation({
    mutationFn: () => accountApi.linkIdentity(provider),
    onSuccess: ({ url }) => window.location.assign(url),
  });
  const name = PROVIDER_NAMES[provider];
  return (
    <ListRow>
      <Named provider={provider}>
        <Text size="sm" c="dimmed">
          Not linked.
        </Text>
        {link.isError && <Failure title={`${name} was not linked`} error={link.error} />}
      </Named>
      <Button
        variant="default"
        size="xs"
        loading={link.isPending}
        onClick={() => link.mutate()}
        aria-label={`Link ${name}`}
      >
        Link
      </Button>
    </ListRow>
  );
}

function Named({ provider, children }: PropsWithChildren<{ provider: OAuthProvider }>) {
  const Icon = PROVIDER_ICONS[provider];
  return (
    <Group gap="sm" align="flex-start" wrap="nowrap" flex="1 1 200px" miw={0}>
      <ThemeIcon variant="light" color="gray" size={36} aria-hidden>
        <Icon size={20} />
      </ThemeIcon>
      <Stack gap={2} miw={0} flex={1}>
        <Text fw={600}>{PROVIDER_NAMES[provider]}</Text>
        {children}
      </Stack>
    </Group>
  );
}
