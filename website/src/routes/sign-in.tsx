import { Group, Text } from "@mantine/core";
import { createFileRoute, redirect, useRouter } from "@tanstack/react-router";
import { AccountForm } from "../components/AccountForm.tsx";
import { CardPage } from "../components/account/CardPage.tsx";
import { ForgotLink } from "../components/account/ForgotLink.tsx";
import { ProblemNotice } from "../components/account/ProblemNotice.tsx";
import { ProviderButtons } from "../components/account/ProviderButtons.tsx";
import { TextLink } from "../components/ui/Links.tsx";
import { AuthSearch, leadsToEditor } from "../lib/authSearch.ts";
import { pageTitle } from "../lib/pageTitle.ts";
import { configQuery, sessionQuery } from "../lib/queries.ts";
import { safeNext } from "../lib/safeNext.ts";

export const Route = createFileRoute("/sign-in")({
  validateSearch: AuthSearch,
  beforeLoad: async ({ context, search }) => {
    const { user } = await context.queryClient.ensureQueryData(sessionQuery());
    if (user !== null) throw redirect({ href: safeNext(search.next) });
  },
  loader: ({ context }) => context.queryClient.prefetchQuery(configQuery()),
  head: () => pageTitle("Sign in"),
  component: SignInPage,
});

function SignInPage() {
  const { next, error } = Route.useSearch();
  const { history } = useRouter();
  return (
    <CardPage
      title="Sign in"
      description={leadsToEditor(next) ? "Then back to your editor." : "Back to your OpenClaw."}
    >
      {error !== undefined && <ProblemNotice problem={error} title="You are not signed in" />}
      <ProviderButtons returnTo={safeNext(next)} />
      <AccountForm mode="sign-in" onSignedIn={() => history.push(safeNext(next))} />
      <Group justify="space-between" gap="xs">
        <Text size="sm" c="dimmed">
          New here?{" "}
          <TextLink to="/sign-up" search={{ next }} underline="always">
            Create an account
          </TextLink>
        </Text>
        <ForgotLink />
      </Group>
    </CardPage>
  );
}
