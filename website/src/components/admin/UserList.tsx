import { Badge, Code, Group, Stack, Text } from "@mantine/core";
import type { AdminUser } from "@oa/contract/admin";
import { formatUsd, microOfUsd } from "@oa/contract/money";
import { IconUserOff } from "@tabler/icons-react";
import type { LivePages } from "../../lib/live.tsx";
import { ListRow, RowList } from "../ui/Lists.tsx";
import { PagedList } from "../ui/PagedList.tsx";
import { RelativeTime, SinceTime } from "../ui/RelativeTime.tsx";
import { AdminActs } from "./AdminActs.tsx";
import { CreditActs } from "./CreditActs.tsx";
import { StatusBadge } from "./StatusBadge.tsx";

/** People with an account, their credits and their instance. */
export function UserList({ users, searched }: { users: LivePages<AdminUser>; searched: string }) {
  return (
    <PagedList
      pages={users}
      what="the people"
      h={200}
      empty={{
        icon: <IconUserOff aria-hidden />,
        title: searched === "" ? "Nobody yet" : "Nobody found",
        description:
          searched === ""
            ? "People stand here once they have signed up."
            : `No e-mail begins with "${searched}". The beginning has to match.`,
      }}
      more="Show more people"
    >
      {(items) => (
        <RowList label="People">
          {items.map((user) => (
            <Row key={user.user_id} user={user} />
          ))}
        </RowList>
      )}
    </PagedList>
  );
}

function Row({ user }: { user: AdminUser }) {
  return (
    <ListRow>
      <Stack gap={2} flex="1 1 200px" miw={0}>
        <Group gap="xs" style={{ rowGap: 0 }}>
          <Text fw={600} style={{ overflowWrap: "anywhere" }}>
            {user.email}
          </Text>
          {user.is_admin && <Badge variant="light">Admin</Badge>}
          {!user.email_verified && (
            <Badge variant="light" color="orange" autoContrast={false}>
              Not verified
            </Badge>
          )}
          {user.credits_status !== "active" && (
            <Badge variant="light" color="orange" autoContrast={false}>
              Credits frozen
            </Badge>
          )}
        </Group>
        <Text size="sm" c="dimmed">
          {formatUsd(microOfUsd(user.balance_usd))} of credits · joined <RelativeTime at={user.created_at} />
        </Text>
        <Text size="sm" c="dimmed" style={{ overflowWrap: "anywhere" }}>
          <Code>{user.user_id}</Code>
        </Text>
        {user.instance === null ? (
          <Text size="sm" c="dimmed">
            No OpenClaw
          </Text>
        ) : (
          <Group gap={6}>
            <StatusBadge status={user.instance.status} />
            <Text size="sm" c="dimmed">
              <SinceTime at={user.instance.since} />
            </Text>
          </Group>
        )}
      </Stack>
      <Group gap="xs">
        <CreditActs user={user} />
        {user.instance !== null && <AdminActs userId={user.user_id} name={user.email} status={user.instance.status} />}
      </Group>
    </ListRow>
  );
}
