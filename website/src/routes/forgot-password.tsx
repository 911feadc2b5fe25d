import { createFileRoute } from "@tanstack/react-router";
import { CardPage } from "../components/account/CardPage.tsx";
import { ForgotForm } from "../components/account/ForgotForm.tsx";
import { Notice } from "../components/account/Notice.tsx";
import { TextLink } from "../components/ui/Links.tsx";
import { pageTitle } from "../lib/pageTitle.ts";
import { configQuery } from "../lib/queries.ts";

export const Route = createFileRoute("/forgot-password")({
  loader: async ({ context }) => {
    const { mail } = await context.queryClient.ensureQueryData(configQuery());
    return { mail };
  },
  head: () => pageTitle("Forgot your password"),
  component: ForgotPasswordPage,
});

function ForgotPasswordPage() {
  const { mail } = Route.useLoaderData();
  return (
    <CardPage
      title="Forgot your password?"
      description="Say which e-mail your account has, and a link to set a new one goes there."
    >
      {mail ? (
        <ForgotForm />
      ) : (
        <Notice kind="info" title="This installation sends no mail">
          So it cannot send you a link. Ask the people who run it.
        </Notice>
      )}
      <TextLink to="/sign-in" size="sm" underline="always">
        Back to sign in
      </TextLink>
    </CardPage>
  );
}
