import { UserCode } from "@oa/contract/accountsApi";
import { createFileRoute } from "@tanstack/react-router";
import * as z from "zod";
import { CardPage } from "../../components/account/CardPage.tsx";
import { FlowConfirm } from "../../components/account/FlowConfirm.tsx";
import { UserCodeForm } from "../../components/account/UserCodeForm.tsx";
import { pageTitle } from "../../lib/pageTitle.ts";

/** Where a person types (or brings, in the address) the code that a terminal or a remote editor shows. */
export const Route = createFileRoute("/_confirm/device")({
  validateSearch: z.object({ user_code: UserCode.optional().catch(undefined) }),
  head: () => pageTitle("Connect a terminal or an editor"),
  component: DevicePage,
});

function DevicePage() {
  const { user_code } = Route.useSearch();
  const { user } = Route.useRouteContext();
  const navigate = Route.useNavigate();
  if (user_code !== undefined) {
    return (
      <FlowConfirm key={user_code} by={{ user_code }} user={user} onOtherCode={() => void navigate({ search: {} })} />
    );
  }
  return (
    <CardPage
      title="Connect a terminal or an editor"
      description="Type the code that it shows you. You see what asks before you decide."
    >
      <UserCodeForm onCode={(code) => void navigate({ search: { user_code: code } })} />
    </CardPage>
  );
}
