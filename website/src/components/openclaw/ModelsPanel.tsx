import { Badge, Button, Group, Stack, Text } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import type { InstanceSummary } from "@oa/contract/instance";
import { MODEL_PROVIDER_NAMES, type ModelProvider, type ProviderKeyHint } from "@oa/contract/providerKeys";
import { IconPlus } from "@tabler/icons-react";
import { useState } from "react";
import { openclawApi } from "../../lib/openclawApi.ts";
import { ConfirmDialog } from "../ui/ConfirmDialog.tsx";
import { ListRow, RowList } from "../ui/Lists.tsx";
import { Panel } from "../ui/Panel.tsx";
import { RelativeTime } from "../ui/RelativeTime.tsx";
import { ProviderKeyDialog } from "./ProviderKeyDialog.tsx";

/** What the hosted OpenClaw's models are paid with: credits, or keys of its owner at model providers. */
export function ModelsPanel({ instance }: { instance: InstanceSummary }) {
  const { provider_keys, model_source } = instance;
  const [asked, setAsked] = useState<ModelProvider | "new" | null>(null);
  const onCredits = model_source === "credits";
  if (instance.desired === "deleted") return null;
  return (
    <Panel
      title="Models"
      description="What your OpenClaw's model calls are paid with."
      aside={
        <Badge variant="light" size="lg">
          {onCredits ? "On your credits" : "On your own keys"}
        </Badge>
      }
    >
      <Text size="sm">
        {onCredits
          ? "Your OpenClaw calls models on your credits, with a key of its own. Have an account at a model provider? Store its key here: calls then go straight to that provider, cost no credits, and the provider bills you."
          : "Your OpenClaw calls these providers itself, with your keys. That never touches your credits; the providers bill you. Remove the last key to go back to credits."}
      </Text>
      {provider_keys.length > 0 && (
        <RowList label="Your provider keys">
          {provider_keys.map((hint) => (
            <Row key={hint.provider} hint={hint} last={provider_keys.length === 1} onReplace={setAsked} />
          ))}
        </RowList>
      )}
      <Button
        variant="default"
        leftSection={<IconPlus size={16} aria-hidden />}
        onClick={() => setAsked("new")}
        style={{ alignSelf: "flex-start" }}
      >
        Add a provider key
      </Button>
      <Text size="sm" c="dimmed">
        {onCredits
          ? "Which model answers is chosen in OpenClaw itself, among those offered here: /model in a chat lists them."
          : "Which model answers is chosen in OpenClaw itself, among those of your providers: /model in a chat lists them."}{" "}
        A change takes a few seconds and needs no restart.
      </Text>
      <ProviderKeyDialog
        asked={asked}
        stored={provider_keys.map(({ provider }) => provider)}
        onClose={() => setAsked(null)}
      />
    </Panel>
  );
}

interface RowProps {
  hint: ProviderKeyHint;
  /** The only one there is. */
  last: boolean;
  onReplace: (provider: ModelProvider) => void;
}

function Row({ hint: { provider, last_four, updated_at }, last, onReplace }: RowProps) {
  const [removing, setRemoving] = useState(false);
  const name = MODEL_PROVIDER_NAMES[provider];
  return (
    <ListRow>
      <Stack gap={0} flex="1 1 180px" miw={0}>
        <Text fw={600}>{name}</Text>
        <Text size="sm" c="dimmed">
          ends in {last_four} · stored <RelativeTime at={updated_at} />
        </Text>
      </Stack>
      <Group gap="xs">
        <Button
          variant="default"
          size="xs"
          onClick={() => onReplace(provider)}
          aria-label={`Replace the key of ${name}`}
        >
          Replace
        </Button>
        <Button variant="default" size="xs" onClick={() => setRemoving(true)} aria-label={`Remove the key of ${name}`}>
          Remove
        </Button>
      </Group>
      <ConfirmDialog
        opened={removing}
        onClose={() => setRemoving(false)}
        title={`Remove the key of ${name}?`}
        confirm="Remove"
        danger
        act={() => openclawApi.removeProviderKey(provider)}
        onDone={() =>
          notifications.show({ color: "green", message: `The key of ${name} was removed.`, role: "status" })
        }
      >
        <Text size="sm">
          {last
            ? "It is your last one: your OpenClaw then calls models on your credits again."
            : `Your OpenClaw can no longer use models of ${name}.`}{" "}
          The key stays valid at {name}; end it there if it should not be.
        </Text>
      </ConfirmDialog>
    </ListRow>
  );
}
