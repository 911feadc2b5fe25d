import { Paper, Stack, Text, Title } from "@mantine/core";
import { createFileRoute, redirect, useRouter } from "@tanstack/react-router";
import { AccountForm } from "../components/AccountForm.tsx";
import { PlainFrame } from "../components/layout/PlainFrame.tsx";
import { TextLink } from "../components/ui/Links.tsx";
import { AuthSearch } from "../lib/authSearch.ts";
import { pageTitle } from "../lib/pageTitle.ts";
import { sessionQuery } from "../lib/queries.ts";
import { safeNext } from "../lib/safeNext.ts";

export const Route = createFileRoute("/sign-up")({
  validateSearch: AuthSearch,
  beforeLoad: async ({ context, search }) => {
    const { user } = await context.queryClient.ensureQueryData(sessionQuery());
    if (user !== null) throw redirect({ href: safeNext(search.next) });
  },
  head: () => pageTitle("Create your account"),
  component: SignUpPage,
});

function SignUpPage() {
  const search = Route.useSearch();
  const { history } = useRouter();
  return (
    <PlainFrame size="xs">
      <Paper withBorder p={{ base: "md", sm: "xl" }}>
        <Stack gap="lg">
          <Stack gap={4}>
            <Title order={1} size="h2">
              Create your account
            </Title>
            <Text c="dimmed">You start with $5.00 of credits. No card needed.</Text>
          </Stack>
          <AccountForm mode="sign-up" onSignedIn={() => history.push(safeNext(search.next))} />
          <Text size="sm" c="dimmed">
            Have an account?{" "}
            <TextLink to="/sign-in" search={search} underline="always">
              Sign in
            </TextLink>
          </Text>
        </Stack>
      </Paper>
    </PlainFrame>
  );
}
