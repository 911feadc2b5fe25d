import { Tabs, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { modelsQuery } from "../../lib/creditsApi.ts";
import { apiBase, snippets } from "../../lib/keyView.ts";
import { CodeLine } from "../ui/CodeLine.tsx";
import { Loading } from "../ui/Loading.tsx";

/** Stands for a model in code while nobody can say which there are. */
const SOME_MODEL = "NAME-OF-A-MODEL";

/** How to use a key: code that calls a model of this installation. */
export function KeySnippets() {
  const offer = useQuery(modelsQuery());
  if (offer.isPending) return <Loading what="the code to use it" h={180} />;
  const base = apiBase(window.location.origin);
  const model = offer.isError ? SOME_MODEL : offer.data.example;
  if (model === null) {
    return (
      <>
        <Text size="sm">
          No model is offered on this installation right now, so there is nothing to call with it yet.
        </Text>
        <Address base={base} />
      </>
    );
  }
  const code = snippets(base, model);
  return (
    <>
      <Tabs defaultValue="curl" keepMounted={false} styles={{ tab: { paddingInline: 10 } }}>
        <Tabs.List aria-label="How to use it">
          <Tabs.Tab value="curl">curl</Tabs.Tab>
          <Tabs.Tab value="javascript">JavaScript</Tabs.Tab>
          <Tabs.Tab value="python">Python</Tabs.Tab>
          <Tabs.Tab value="other">Other programs</Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="curl" pt="md">
          <CodeLine label="With the key in OPENAI_API_KEY" value={code.curl} copyLabel="Copy the command" />
        </Tabs.Panel>
        <Tabs.Panel value="javascript" pt="md">
          <CodeLine label="The package openai, from npm" value={code.javascript} copyLabel="Copy the code" />
        </Tabs.Panel>
        <Tabs.Panel value="python" pt="md">
          <CodeLine label="The package openai, from PyPI" value={code.python} copyLabel="Copy the code" />
        </Tabs.Panel>
        <Tabs.Panel value="other" pt="md">
          <Address base={base} />
        </Tabs.Panel>
      </Tabs>
      {offer.isError && (
        <Text size="sm">The models on offer could not be listed: put the name of one in place of {SOME_MODEL}.</Text>
      )}
    </>
  );
}

function Address({ base }: { base: string }) {
  return (
    <CodeLine
      label="Whatever speaks OpenAI's API takes this address, and the key as its API key"
      value={base}
      copyLabel="Copy the address"
    />
  );
}
