import { Code, Group, Stack, Text } from "@mantine/core";
import type { AdminInstance } from "@oa/contract/admin";
import { IconServerOff } from "@tabler/icons-react";
import { ownerName } from "../../lib/adminView.ts";
import type { LivePages } from "../../lib/live.tsx";
import { ListRow, RowList } from "../ui/Lists.tsx";
import { PagedList } from "../ui/PagedList.tsx";
import { RelativeTime, SinceTime } from "../ui/RelativeTime.tsx";
import { AdminActs } from "./AdminActs.tsx";
import { StatusBadge } from "./StatusBadge.tsx";

/** Every instance, newest first: whose, how it is, since when, how old. */
export function InstanceList({ instances }: { instances: LivePages<AdminInstance> }) {
  return (
    <PagedList
      pages={instances}
      what="the instances"
      h={200}
      empty={{
        icon: <IconServerOff aria-hidden />,
        title: "No instance yet",
        description: "As soon as someone sets up an OpenClaw it stands here.",
      }}
      more="Show older instances"
    >
      {(items) => (
        <RowList label="Instances">
          {items.map((instance) => (
            <Row key={instance.instance_id} instance={instance} />
          ))}
        </RowList>
      )}
    </PagedList>
  );
}

function Row({ instance }: { instance: AdminInstance }) {
  const name = ownerName(instance);
  return (
    <ListRow>
      <Stack gap={2} flex="1 1 200px" miw={0}>
        <Group gap="sm" style={{ rowGap: 0 }}>
          <Text fw={600} style={{ overflowWrap: "anywhere" }}>
            {name}
          </Text>
          <StatusBadge status={instance.status} />
        </Group>
        <Text size="sm" c="dimmed" style={{ overflowWrap: "anywhere" }}>
          {instance.status === "ready" && instance.last_ready_at !== null ? (
            <>
              Ready <SinceTime at={instance.last_ready_at} />
            </>
          ) : (
            <>
              Changed <RelativeTime at={instance.updated_at} />
            </>
          )}
          {" · "}made <RelativeTime at={instance.created_at} />
          {instance.version !== null && ` · OpenClaw ${instance.version}`}
        </Text>
        <Text size="sm" c="dimmed" style={{ overflowWrap: "anywhere" }}>
          <Code>{instance.instance_id}</Code>
          {instance.runtime_name !== null && (
            <>
              {" "}
              on <Code>{instance.runtime_name}</Code>
            </>
          )}
        </Text>
        {instance.reason !== null && (
          <Text size="sm" style={{ overflowWrap: "anywhere" }}>
            {instance.reason}
          </Text>
        )}
      </Stack>
      <AdminActs userId={instance.user_id} name={name} status={instance.status} />
    </ListRow>
  );
}
