import { Group, Text } from "@mantine/core";
import { IconArrowLeft } from "@tabler/icons-react";
import { createFileRoute, useNavigate } from "@tanstack/react-router";
import { KeyActs } from "../../components/keys/KeyActs.tsx";
import { KeyBadge } from "../../components/keys/KeyBadge.tsx";
import { KeyFacts } from "../../components/keys/KeyFacts.tsx";
import { KeyUsage } from "../../components/keys/KeyUsage.tsx";
import { RotateInstanceKey } from "../../components/keys/RotateInstanceKey.tsx";
import { CallList } from "../../components/usage/CallList.tsx";
import { Failure } from "../../components/ui/Failure.tsx";
import { LinkButton } from "../../components/ui/Links.tsx";
import { Loading } from "../../components/ui/Loading.tsx";
import { PageHeader } from "../../components/ui/PageHeader.tsx";
import { Panel } from "../../components/ui/Panel.tsx";
import { useKey } from "../../lib/creditsLive.ts";
import { keyState } from "../../lib/keyView.ts";
import { useLive } from "../../lib/live.tsx";
import { pageTitle } from "../../lib/pageTitle.ts";
import { useNow } from "../../lib/useNow.ts";

export const Route = createFileRoute("/_app/openclaw/keys/$hash")({
  head: () => pageTitle("API key"),
  component: KeyPage,
});

function KeyPage() {
  const { hash } = Route.useParams();
  const key = useKey(hash);
  const back = (
    <LinkButton
      to="/openclaw/keys"
      variant="default"
      size="xs"
      leftSection={<IconArrowLeft size={14} aria-hidden />}
      style={{ alignSelf: "flex-start" }}
    >
      All keys
    </LinkButton>
  );
  if (key.state === "ready") return <Key hash={hash} apiKey={key.value} back={back} />;
  return (
    <>
      <PageHeader title="API key">{back}</PageHeader>
      {key.state === "failed" ? (
        <Failure title="This key did not load" error={key.error} />
      ) : (
        <Panel title="Usage">
          <Loading what="the key" h={200} />
        </Panel>
      )}
    </>
  );
}

function Key({
  hash,
  apiKey,
  back,
}: {
  hash: string;
  apiKey: Extract<ReturnType<typeof useKey>, { state: "ready" }>["value"];
  back: React.ReactNode;
}) {
  const now = useNow(30_000);
  const navigate = useNavigate();
  const { Calls } = useLive().credits;
  const hosted = apiKey.instance_id !== null;
  return (
    <>
      <PageHeader
        title={apiKey.name}
        description={hosted ? "The key your hosted OpenClaw spends credits with." : "A key of your own."}
      >
        {back}
      </PageHeader>
      <Panel title="Settings" aside={<KeyBadge state={keyState(apiKey, now)} />}>
        <KeyFacts apiKey={apiKey} now={now} />
        {apiKey.revoked_at === null && (
          <Group gap="sm">
            <KeyActs apiKey={apiKey} onRevoked={() => void navigate({ to: "/openclaw/keys" })} />
            {hosted && <RotateInstanceKey />}
          </Group>
        )}
        {hosted && (
          <Text size="sm" c="dimmed">
            It was made with your OpenClaw and ends when that is deleted, so it is not revoked here.
          </Text>
        )}
      </Panel>
      <Panel title="Usage">
        <KeyUsage apiKey={apiKey} now={now} />
      </Panel>
      <Panel title="Calls" description="What was called with this key, newest first, and what each call cost.">
        <Calls keyHash={hash}>{(calls) => <CallList calls={calls} withKey={false} />}</Calls>
      </Panel>
    </>
  );
}
