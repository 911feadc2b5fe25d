import { List, Text } from "@mantine/core";
import { IconPoint, IconShieldExclamation } from "@tabler/icons-react";
import { permissions } from "../../lib/deviceView.ts";

/** What a device may do, in words, the powerful first and marked by icon and weight. */
export function Permissions({ role, scopes }: { role: string; scopes: readonly string[] }) {
  const allowed = permissions(role, scopes);
  if (allowed.length === 0) {
    return (
      <Text size="sm" c="dimmed">
        It asks for no permissions{role === "" ? "" : ` (role ${role})`}.
      </Text>
    );
  }
  return (
    <List size="sm" spacing={4} center={false}>
      {allowed.map(({ scope, words, powerful }) => (
        <List.Item
          key={scope}
          icon={
            powerful ? (
              <IconShieldExclamation size={16} color="var(--mantine-color-error)" aria-label="powerful:" />
            ) : (
              <IconPoint size={16} aria-hidden />
            )
          }
        >
          <Text span size="sm" fw={powerful ? 600 : 400} style={{ overflowWrap: "anywhere" }}>
            {words}
          </Text>
        </List.Item>
      ))}
    </List>
  );
}
