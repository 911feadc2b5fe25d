import type { ProvisionedKey } from "@oa/contract/keys";
import { useQuery } from "@tanstack/react-query";
import { createFileRoute } from "@tanstack/react-router";
import { useState } from "react";
import { CreateKey } from "../../components/keys/CreateKey.tsx";
import { InferenceHint } from "../../components/keys/InferenceHint.tsx";
import { KeyList, KeyRow } from "../../components/keys/KeyList.tsx";
import { NewKeyButton } from "../../components/keys/NewKeyButton.tsx";
import { OfferedModels } from "../../components/keys/OfferedModels.tsx";
import { Failure } from "../../components/ui/Failure.tsx";
import { RowList } from "../../components/ui/Lists.tsx";
import { Loading } from "../../components/ui/Loading.tsx";
import { PageHeader } from "../../components/ui/PageHeader.tsx";
import { Panel } from "../../components/ui/Panel.tsx";
import { useKeys } from "../../lib/creditsLive.ts";
import { pageTitle } from "../../lib/pageTitle.ts";
import { configQuery } from "../../lib/queries.ts";

export const Route = createFileRoute("/_app/openclaw/keys/")({
  head: () => pageTitle("API keys"),
  component: KeysPage,
});

function KeysPage() {
  const keys = useKeys();
  const config = useQuery(configQuery());
  const [creating, setCreating] = useState(false);
  return (
    <>
      <PageHeader title="API keys" description="What your own programs spend your credits with." />
      <InferenceHint />
      {keys.state === "failed" && <Failure title="Your keys did not load" error={keys.error} />}
      {keys.state === "loading" && (
        <Panel title="Your keys">
          <Loading what="your keys" h={160} />
        </Panel>
      )}
      {keys.state === "ready" && <Keys keys={keys.value} onNew={() => setCreating(true)} />}
      {config.data?.inference === true && <OfferedModels />}
      <CreateKey opened={creating} onClose={() => setCreating(false)} />
    </>
  );
}

function Keys({ keys, onNew }: { keys: readonly ProvisionedKey[]; onNew: () => void }) {
  const own = keys.filter(({ instance_id }) => instance_id === null);
  const hosted = keys.filter(({ instance_id }) => instance_id !== null);
  return (
    <>
      <Panel
        title="Your keys"
        description="Each works with whatever speaks OpenAI's API. Live."
        aside={own.length > 0 && <NewKeyButton onClick={onNew} />}
      >
        <KeyList keys={own} onNew={onNew} />
      </Panel>
      {hosted.length > 0 && (
        <Panel
          title="Your OpenClaw's own key"
          description="Made for your OpenClaw and replaced or ended with it. You can limit it and turn it off."
        >
          <RowList label="Keys of your OpenClaw">
            {hosted.map((key) => (
              <KeyRow key={key.hash} apiKey={key} />
            ))}
          </RowList>
        </Panel>
      )}
    </>
  );
}
