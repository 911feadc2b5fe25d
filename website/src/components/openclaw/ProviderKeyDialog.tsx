import { Button, Group, Modal, NativeSelect, PasswordInput, Stack, Text } from "@mantine/core";
import { useForm } from "@mantine/form";
import { notifications } from "@mantine/notifications";
import { MODEL_PROVIDER_NAMES, ModelProvider, ProviderKey } from "@oa/contract/providerKeys";
import { useMutation } from "@tanstack/react-query";
import { openclawApi } from "../../lib/openclawApi.ts";
import { Failure } from "../ui/Failure.tsx";

interface ProviderKeyDialogProps {
  /** A provider whose key is replaced, or one to be chosen. */
  asked: ModelProvider | "new" | null;
  stored: readonly ModelProvider[];
  onClose: () => void;
}

/** Stores a key at a provider, or replaces it. It is never shown again. */
export function ProviderKeyDialog({ asked, stored, onClose }: ProviderKeyDialogProps) {
  return (
    <Modal
      opened={asked !== null}
      onClose={onClose}
      title={
        asked === null || asked === "new" ? "Add a provider key" : `Replace the key of ${MODEL_PROVIDER_NAMES[asked]}`
      }
      centered
      closeButtonProps={{ "aria-label": "Close" }}
    >
      {asked !== null && <Fields fixed={asked === "new" ? null : asked} stored={stored} onClose={onClose} />}
    </Modal>
  );
}

interface FieldsProps {
  fixed: ModelProvider | null;
  stored: readonly ModelProvider[];
  onClose: () => void;
}

function Fields({ fixed, stored, onClose }: FieldsProps) {
  const free = ModelProvider.options.filter((provider) => !stored.includes(provider));
  const form = useForm<{ provider: ModelProvider; key: string }>({
    mode: "uncontrolled",
    initialValues: { provider: fixed ?? free[0] ?? "anthropic", key: "" },
    validate: {
      key: (key) => {
        if (key.trim() === "") return "Paste the key.";
        return ProviderKey.safeParse(key).success ? null : "That is no key: it is one word of 8 to 512 characters.";
      },
    },
  });
  const store = useMutation({
    mutationFn: ({ provider, key }: { provider: ModelProvider; key: string }) =>
      openclawApi.storeProviderKey(provider, key.trim()),
    onSuccess: (_, { provider }) => {
      onClose();
      notifications.show({
        color: "green",
        message: `The key of ${MODEL_PROVIDER_NAMES[provider]} is stored. Your OpenClaw takes it up in a few seconds.`,
        role: "status",
      });
    },
    gcTime: 0,
  });
  return (
    <form
      noValidate
      onSubmit={form.onSubmit(
        (values) => store.mutate(values),
        () => form.getInputNode("key")?.focus(),
      )}
    >
      <Stack gap="md">
        {fixed === null && (
          <NativeSelect
            label="Provider"
            data={free.map((provider) => ({ value: provider, label: MODEL_PROVIDER_NAMES[provider] }))}
            key={form.key("provider")}
            {...form.getInputProps("provider")}
          />
        )}
        <PasswordInput
          label="Key"
          description="As the provider gave it to you. It is stored encrypted; only its last four characters are shown again."
          autoComplete="off"
          spellCheck={false}
          data-autofocus
          visibilityToggleButtonProps={{ "aria-label": "Show or hide the key", tabIndex: 0 }}
          key={form.key("key")}
          {...form.getInputProps("key")}
        />
        <Text size="sm" c="dimmed">
          From then on your OpenClaw calls this provider itself, and model calls cost no credits.
        </Text>
        {store.isError && <Failure title="The key was not stored" error={store.error} />}
        <Group justify="flex-end" gap="sm">
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit" loading={store.isPending}>
            Store the key
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
