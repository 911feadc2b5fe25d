import { Text } from "@mantine/core";
import { createFileRoute, redirect, useRouter } from "@tanstack/react-router";
import { AccountForm } from "../components/AccountForm.tsx";
import { CardPage } from "../components/account/CardPage.tsx";
import { ProviderButtons } from "../components/account/ProviderButtons.tsx";
import { TextLink } from "../components/ui/Links.tsx";
import { AuthSearch, leadsToEditor } from "../lib/authSearch.ts";
import { pageTitle } from "../lib/pageTitle.ts";
import { configQuery, sessionQuery } from "../lib/queries.ts";
import { safeNext } from "../lib/safeNext.ts";

export const Route = createFileRoute("/sign-up")({
  validateSearch: AuthSearch,
  beforeLoad: async ({ context, search }) => {
    const { user } = await context.queryClient.ensureQueryData(sessionQuery());
    if (user !== null) throw redirect({ href: safeNext(search.next) });
  },
  loader: ({ context }) => context.queryClient.prefetchQuery(configQuery()),
  head: () => pageTitle("Create your account"),
  component: SignUpPage,
});

function SignUpPage() {
  const { next } = Route.useSearch();
  const { history } = useRouter();
  return (
    <CardPage
      title="Create your account"
      description={
        leadsToEditor(next)
          ? "You start with $5.00 of credits, no card needed. Then back to your editor."
          : "You start with $5.00 of credits. No card needed."
      }
    >
      <ProviderButtons returnTo={safeNext(next)} />
      <AccountForm mode="sign-up" onSignedIn={() => history.push(safeNext(next))} />
      <Text size="sm" c="dimmed">
        Have an account?{" "}
        <TextLink to="/sign-in" search={{ next }} underline="always">
          Sign in
        </TextLink>
      </Text>
    </CardPage>
  );
}
