import { Anchor, Text } from "@mantine/core";
import type { User } from "@oa/contract/accounts";
import { useMutation } from "@tanstack/react-query";
import { goToSignIn } from "../../lib/goToSignIn.ts";
import { webApi } from "../../lib/webApi.ts";

/** Whose account this is about, and the way to another one that comes back here. */
export function SignedInAs({ user }: { user: User }) {
  const change = useMutation({ mutationFn: () => webApi.signOut(), onSuccess: goToSignIn });
  return (
    <Text size="sm" c="dimmed" style={{ overflowWrap: "anywhere" }}>
      You are signed in as {user.email}.{" "}
      <Anchor
        component="button"
        type="button"
        inherit
        underline="always"
        disabled={change.isPending}
        onClick={() => change.mutate()}
      >
        Use another account
      </Anchor>
    </Text>
  );
}
