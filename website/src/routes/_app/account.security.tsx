import { SignInProblem } from "@oa/contract/accountsApi";
import { createFileRoute } from "@tanstack/react-router";
import * as z from "zod";
import { AuthEventList } from "../../components/account/AuthEventList.tsx";
import { EmailPanel } from "../../components/account/EmailPanel.tsx";
import { IdentitiesPanel } from "../../components/account/IdentitiesPanel.tsx";
import { PasswordPanel } from "../../components/account/PasswordPanel.tsx";
import { ProblemNotice } from "../../components/account/ProblemNotice.tsx";
import { SignInsPanel } from "../../components/account/SignInsPanel.tsx";
import { Failure } from "../../components/ui/Failure.tsx";
import { Loading } from "../../components/ui/Loading.tsx";
import { PageHeader } from "../../components/ui/PageHeader.tsx";
import { Panel } from "../../components/ui/Panel.tsx";
import { useAccount } from "../../lib/accountLive.ts";
import { useLive } from "../../lib/live.tsx";
import { pageTitle } from "../../lib/pageTitle.ts";

export const Route = createFileRoute("/_app/account/security")({
  validateSearch: z.object({ error: SignInProblem.optional().catch(undefined) }),
  head: () => pageTitle("Sign-in and security"),
  component: AccountSecurityPage,
});

function AccountSecurityPage() {
  const { error } = Route.useSearch();
  const { Events } = useLive().account;
  return (
    <>
      <PageHeader title="Sign-in and security" description="How you get into your account, and who is in it." />
      {error !== undefined && <ProblemNotice problem={error} title="Nothing was linked" />}
      <SignInsPanel />
      <Account />
      <Panel title="What happened" description="Everything about getting into this account, newest first.">
        <Events>{(events) => <AuthEventList events={events} />}</Events>
      </Panel>
    </>
  );
}

function Account() {
  const account = useAccount();
  switch (account.state) {
    case "failed":
      return <Failure title="Your account did not load" error={account.error} />;
    case "loading":
      return (
        <Panel title="E-mail and password">
          <Loading what="your account" h={120} />
        </Panel>
      );
    case "ready":
      return (
        <>
          <EmailPanel account={account.value} />
          <PasswordPanel hasPassword={account.value.has_password} email={account.value.user.email} />
          <IdentitiesPanel account={account.value} />
        </>
      );
  }
}
