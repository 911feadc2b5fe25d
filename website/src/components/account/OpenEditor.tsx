import { Button, Stack, Text } from "@mantine/core";
import type { User } from "@oa/contract/accounts";
import { formatUsd, microOfUsd } from "@oa/contract/money";
import { IconExternalLink } from "@tabler/icons-react";
import { useMutation } from "@tanstack/react-query";
import { accountApi } from "../../lib/accountApi.ts";
import { isEditorAddress } from "../../lib/safeRedirect.ts";
import { Failure } from "../ui/Failure.tsx";
import { Notice } from "./Notice.tsx";
import { SecretLine } from "./SecretLine.tsx";
import { SignedInAs } from "./SignedInAs.tsx";

/**
 * The click that hands the editor a token: it is minted then and not before, goes to the editor's own address only, and
 * is forgotten with the page.
 */
export function OpenEditor({ user, state }: { user: User; state: string | undefined }) {
  const open = useMutation({
    mutationFn: async () => {
      const opened = await accountApi.openEditor(state === undefined ? {} : { state });
      if (!isEditorAddress(opened.redirect))
        throw new Error("The answer does not lead to the editor. Try again later.");
      return opened;
    },
    onSuccess: ({ redirect }) => window.location.assign(redirect),
    gcTime: 0,
  });
  return (
    <Stack gap="md">
      {open.isError && <Failure title="The editor was not opened" error={open.error} />}
      <Button
        size="md"
        fullWidth
        leftSection={<IconExternalLink size={18} aria-hidden />}
        loading={open.isPending}
        onClick={() => open.mutate()}
      >
        {open.isSuccess ? "Open the editor again" : "Open the editor"}
      </Button>
      {open.isSuccess ? (
        <>
          <Notice kind="done" title="Look at your editor">
            <Text size="sm">
              It is signed in with {formatUsd(microOfUsd(open.data.balance_usd))} of credits once it has opened. You can
              close this page then.
            </Text>
          </Notice>
          <SecretLine
            label="Nothing opened? Paste this in the editor where it asks for a sign-in link"
            value={open.data.redirect}
            copyLabel="Copy the sign-in link"
          />
          <Text size="sm" c="dimmed">
            Whoever has the link can spend your credits: give it to your own editor only.
          </Text>
        </>
      ) : (
        <Text size="sm" c="dimmed">
          Your browser asks whether it may open the editor. The editor is then signed in to your account and spends your
          credits, until you sign it out there or in your account's security page.
        </Text>
      )}
      <SignedInAs user={user} />
    </Stack>
  );
}
