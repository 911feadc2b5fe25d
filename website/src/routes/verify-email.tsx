import { createFileRoute, useLocation } from "@tanstack/react-router";
import { useQuery } from "@tanstack/react-query";
import { AccountForm } from "../components/AccountForm.tsx";
import { CardPage } from "../components/account/CardPage.tsx";
import { Notice } from "../components/account/Notice.tsx";
import { VerifyEmail } from "../components/account/VerifyEmail.tsx";
import { LinkButton } from "../components/ui/Links.tsx";
import { fragmentToken } from "../lib/fragmentToken.ts";
import { pageTitle } from "../lib/pageTitle.ts";
import { sessionQuery } from "../lib/queries.ts";

/** Where the mailed link leads: `#token=…`. The person signs in here, so that the token goes no further than this page. */
export const Route = createFileRoute("/verify-email")({
  loader: ({ context }) => context.queryClient.ensureQueryData(sessionQuery()),
  head: () => pageTitle("Verify your e-mail"),
  component: VerifyEmailPage,
});

function VerifyEmailPage() {
  const token = useLocation({ select: ({ hash }) => fragmentToken(hash) });
  const session = useQuery(sessionQuery());
  const user = session.data?.user ?? null;
  if (token === null) {
    return (
      <CardPage title="Verify your e-mail">
        <Notice kind="info" title="That link is not whole">
          Open it from the mail again, or have a new one sent from your account's security page.
        </Notice>
        <LinkButton to="/account/security" variant="default">
          Go to sign-in and security
        </LinkButton>
      </CardPage>
    );
  }
  if (user === null) {
    return (
      <CardPage
        title="Verify your e-mail"
        description="Sign in to the account that the mail is about. Your address is verified right after."
      >
        <AccountForm mode="sign-in" onSignedIn={() => undefined} />
      </CardPage>
    );
  }
  return (
    <CardPage title="Verify your e-mail">
      <VerifyEmail token={token} user={user} />
    </CardPage>
  );
}
