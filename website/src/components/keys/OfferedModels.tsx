import { Table, Text } from "@mantine/core";
import type { ListedModel } from "@oa/contract/inference";
import { microOfUsd } from "@oa/contract/money";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { exactUsd } from "../../lib/callView.ts";
import { modelsQuery } from "../../lib/creditsApi.ts";
import { Failure } from "../ui/Failure.tsx";
import { Loading } from "../ui/Loading.tsx";
import { Panel } from "../ui/Panel.tsx";
import { ShowAll } from "../ui/ShowAll.tsx";
import { NumberTable } from "../usage/NumberTable.tsx";

/** Models shown before one asks for all. */
const SHORT = 8;

/** What keys can call, with its price. */
export function OfferedModels() {
  const offer = useQuery(modelsQuery());
  return (
    <Panel title="Models" description="What your keys can call, and what a million tokens cost.">
      {offer.isPending && <Loading what="the models" h={160} />}
      {offer.isError && (
        <Failure title="The models did not load" error={offer.error} onRetry={() => void offer.refetch()} />
      )}
      {offer.data !== undefined && <Models models={offer.data.models} />}
    </Panel>
  );
}

function Models({ models }: { models: readonly ListedModel[] }) {
  const [all, setAll] = useState(false);
  if (models.length === 0) {
    return <Text size="sm">No model is offered right now. Whoever runs this installation can say why.</Text>;
  }
  const shown = all ? models : models.slice(0, SHORT);
  return (
    <>
      <NumberTable label="Models" columns={["Model", "Input", "Output"]}>
        {shown.map(({ id, pricing_usd_per_million: { input, output } }) => (
          <Table.Tr key={id}>
            <Table.Td style={{ overflowWrap: "anywhere" }}>{id}</Table.Td>
            <NumberTable.Cell>{exactUsd(microOfUsd(input))}</NumberTable.Cell>
            <NumberTable.Cell>{exactUsd(microOfUsd(output))}</NumberTable.Cell>
          </Table.Tr>
        ))}
      </NumberTable>
      {models.length > SHORT && <ShowAll total={models.length} all={all} onChange={setAll} />}
    </>
  );
}
