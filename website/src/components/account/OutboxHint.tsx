import { Anchor, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { configQuery } from "../../lib/queries.ts";

/** On a trial installation mail is not sent: says where it can be read instead. Nothing elsewhere. */
export function OutboxHint() {
  const config = useQuery(configQuery());
  const outbox = config.data?.outbox_url ?? null;
  if (outbox === null) return null;
  return (
    <Text size="sm" c="dimmed">
      This trial installation sends no mail.{" "}
      <Anchor href={outbox} target="_blank" rel="noreferrer" underline="always" inherit>
        Read it in the outbox
      </Anchor>
      .
    </Text>
  );
}
