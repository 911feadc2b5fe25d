import { Badge, Button, Group, Stack, Text } from "@mantine/core";
import { formatUsd } from "@oa/contract/money";
import type { UsageEvent } from "@oa/contract/usage";
import { IconReceipt2 } from "@tabler/icons-react";
import { useState } from "react";
import { ENDPOINTS, OUTCOMES } from "../../lib/callView.ts";
import type { LivePages } from "../../lib/live.tsx";
import { formatCount } from "../../lib/usageView.ts";
import { ListRow, RowList } from "../ui/Lists.tsx";
import { PagedList } from "../ui/PagedList.tsx";
import { RelativeTime } from "../ui/RelativeTime.tsx";
import { CallDialog } from "./CallDialog.tsx";

/** Single calls with what each cost; why is a click away. `withKey` names the key of each. */
export function CallList({ calls, withKey }: { calls: LivePages<UsageEvent>; withKey: boolean }) {
  const [shown, setShown] = useState<string | null>(null);
  return (
    <>
      <PagedList
        pages={calls}
        what="the calls"
        empty={{
          icon: <IconReceipt2 aria-hidden />,
          title: "No calls yet",
          description: "Each call of a model will stand here, with its tokens and what it cost.",
        }}
        more="Show older calls"
      >
        {(items) => (
          <RowList label="Calls">
            {items.map((call) => (
              <Row key={call.hold_id} call={call} withKey={withKey} onShow={() => setShown(call.hold_id)} />
            ))}
          </RowList>
        )}
      </PagedList>
      <CallDialog holdId={shown} onClose={() => setShown(null)} />
    </>
  );
}

function Row({ call, withKey, onShow }: { call: UsageEvent; withKey: boolean; onShow: () => void }) {
  const { model, usage, outcome, usage_source, cost_microusd } = call;
  return (
    <ListRow>
      <Stack gap={2} flex="1 1 200px" miw={0}>
        <Group gap="xs" style={{ rowGap: 0 }}>
          <Text fw={600} size="sm" style={{ overflowWrap: "anywhere" }}>
            {model}
          </Text>
          {outcome !== "completed" && (
            <Badge variant="light" color="orange" autoContrast={false}>
              {OUTCOMES[outcome].word}
            </Badge>
          )}
          {usage_source === "estimated" && (
            <Badge variant="light" color="gray">
              Estimated
            </Badge>
          )}
        </Group>
        <Text size="sm" c="dimmed" style={{ fontVariantNumeric: "tabular-nums", overflowWrap: "anywhere" }}>
          {formatCount(usage.input)} in, {formatCount(usage.output)} out · {ENDPOINTS[call.endpoint]}
          {withKey && ` · ${keyName(call)}`} · <RelativeTime at={call.created_at} />
        </Text>
      </Stack>
      <Group gap="sm" wrap="nowrap">
        <Text size="sm" fw={600} style={{ fontVariantNumeric: "tabular-nums" }}>
          {formatUsd(cost_microusd)}
        </Text>
        <Button
          variant="default"
          size="xs"
          onClick={onShow}
          aria-label={`Why? ${formatUsd(cost_microusd)} for this call of ${model}`}
        >
          Why?
        </Button>
      </Group>
    </ListRow>
  );
}

/** Who called: a key's name, or the editor, which signs in as its person. */
function keyName({ key }: UsageEvent): string {
  return key === null ? "the editor" : key.name;
}
