import { Paper, Stack, Text, Title } from "@mantine/core";
import { createFileRoute, redirect, useRouter } from "@tanstack/react-router";
import { AccountForm } from "../components/AccountForm.tsx";
import { PlainFrame } from "../components/layout/PlainFrame.tsx";
import { TextLink } from "../components/ui/Links.tsx";
import { AuthSearch } from "../lib/authSearch.ts";
import { pageTitle } from "../lib/pageTitle.ts";
import { sessionQuery } from "../lib/queries.ts";
import { safeNext } from "../lib/safeNext.ts";

export const Route = createFileRoute("/sign-in")({
  validateSearch: AuthSearch,
  beforeLoad: async ({ context, search }) => {
    const { user } = await context.queryClient.ensureQueryData(sessionQuery());
    if (user !== null) throw redirect({ href: safeNext(search.next) });
  },
  head: () => pageTitle("Sign in"),
  component: SignInPage,
});

function SignInPage() {
  const search = Route.useSearch();
  const { history } = useRouter();
  return (
    <PlainFrame size="xs">
      <Paper withBorder p={{ base: "md", sm: "xl" }}>
        <Stack gap="lg">
          <Stack gap={4}>
            <Title order={1} size="h2">
              Sign in
            </Title>
            <Text c="dimmed">Back to your OpenClaw.</Text>
          </Stack>
          <AccountForm mode="sign-in" onSignedIn={() => history.push(safeNext(search.next))} />
          <Text size="sm" c="dimmed">
            New here?{" "}
            <TextLink to="/sign-up" search={search} underline="always">
              Create an account
            </TextLink>
          </Text>
        </Stack>
      </Paper>
    </PlainFrame>
  );
}
