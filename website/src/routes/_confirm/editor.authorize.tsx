import { FlowId } from "@oa/contract/accountsApi";
import { createFileRoute } from "@tanstack/react-router";
import * as z from "zod";
import { CardPage } from "../../components/account/CardPage.tsx";
import { FlowConfirm } from "../../components/account/FlowConfirm.tsx";
import { OpenEditor } from "../../components/account/OpenEditor.tsx";
import { pageTitle } from "../../lib/pageTitle.ts";

/** `?flow=`: an editor waits for a yes. Otherwise `?state=`: the button that hands it a token. */
export const Route = createFileRoute("/_confirm/editor/authorize")({
  validateSearch: z.object({
    flow: FlowId.optional().catch(undefined),
    state: z.string().max(200).optional().catch(undefined),
  }),
  head: () => pageTitle("Open the editor"),
  component: EditorAuthorizePage,
});

function EditorAuthorizePage() {
  const { flow, state } = Route.useSearch();
  const { user } = Route.useRouteContext();
  if (flow !== undefined) return <FlowConfirm by={{ flow }} user={user} />;
  return (
    <CardPage title="Open the editor" description="You are one click from working with your credits there.">
      <OpenEditor user={user} state={state} />
    </CardPage>
  );
}
