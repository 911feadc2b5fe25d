import { createFileRoute, useLocation } from "@tanstack/react-router";
import { CardPage } from "../components/account/CardPage.tsx";
import { BrokenLink } from "../components/account/BrokenLink.tsx";
import { ResetForm } from "../components/account/ResetForm.tsx";
import { fragmentToken } from "../lib/fragmentToken.ts";
import { pageTitle } from "../lib/pageTitle.ts";
import { configQuery } from "../lib/queries.ts";

/** Where the mailed link leads: `#token=…`. */
export const Route = createFileRoute("/reset-password")({
  loader: ({ context }) => context.queryClient.prefetchQuery(configQuery()),
  head: () => pageTitle("Set a new password"),
  component: ResetPasswordPage,
});

function ResetPasswordPage() {
  const token = useLocation({ select: ({ hash }) => fragmentToken(hash) });
  return (
    <CardPage
      title="Set a new password"
      description="Everything that is signed in to your account is signed out with it."
    >
      {token === null ? <BrokenLink /> : <ResetForm token={token} />}
    </CardPage>
  );
}
