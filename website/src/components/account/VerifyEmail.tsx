import { Button, Stack, Text } from "@mantine/core";
import type { User } from "@oa/contract/accounts";
import { useMutation } from "@tanstack/react-query";
import { accountApi } from "../../lib/accountApi.ts";
import { Failure } from "../ui/Failure.tsx";
import { LinkButton } from "../ui/Links.tsx";
import { Notice } from "./Notice.tsx";

/** Uses the link up on a click: programs that look at the links of a mail do not click. */
export function VerifyEmail({ token, user }: { token: string; user: User }) {
  const verify = useMutation({ mutationFn: () => accountApi.verifyEmail({ token }), gcTime: 0 });
  if (verify.isSuccess) {
    return (
      <Stack gap="md">
        <Notice kind="done" title="Your e-mail is verified">
          <Text size="sm" style={{ overflowWrap: "anywhere" }}>
            {user.email} is known to be yours: nobody else can claim it here.
          </Text>
        </Notice>
        <LinkButton to="/openclaw" size="md" fullWidth replace>
          Go to my OpenClaw
        </LinkButton>
      </Stack>
    );
  }
  return (
    <Stack gap="md">
      {verify.isError && (
        <Failure title="It is not verified yet" error={verify.error}>
          <LinkButton to="/account/security" size="xs" variant="default">
            Have a new link sent
          </LinkButton>
        </Failure>
      )}
      <Text style={{ overflowWrap: "anywhere" }}>
        Is <strong>{user.email}</strong> your address?
      </Text>
      <Button size="md" fullWidth loading={verify.isPending} onClick={() => verify.mutate()}>
        Yes, verify it
      </Button>
    </Stack>
  );
}
