import { Button, Group, Stack } from "@mantine/core";
import type { User } from "@oa/contract/accounts";
import { queryOptions, useMutation, useQuery } from "@tanstack/react-query";
import { accountApi, type FlowBy } from "../../lib/accountApi.ts";
import { isCodeAddress } from "../../lib/safeRedirect.ts";
import { useNow } from "../../lib/useNow.ts";
import { Failure } from "../ui/Failure.tsx";
import { Loading } from "../ui/Loading.tsx";
import { CardPage } from "./CardPage.tsx";
import { FlowFacts } from "./FlowFacts.tsx";
import { FlowOutcome } from "./FlowOutcome.tsx";
import { SignedInAs } from "./SignedInAs.tsx";

interface FlowConfirmProps {
  by: FlowBy;
  user: User;
  /** Back to typing a code; absent where a link brought the person here. */
  onOtherCode?: () => void;
}

const flowQuery = (by: FlowBy) =>
  queryOptions({ queryKey: ["flow", by], queryFn: () => accountApi.lookUpFlow(by), staleTime: Infinity, gcTime: 0 });

/** What asks to be signed in as this person, from where, and their yes or no. */
export function FlowConfirm({ by, user, onOtherCode }: FlowConfirmProps) {
  const flow = useQuery(flowQuery(by));
  const now = useNow(1_000);
  const decide = useMutation({
    mutationFn: async (approve: boolean) => {
      const decided = await accountApi.decideFlow(by, approve);
      if (decided.redirect !== null && !isCodeAddress(decided.redirect))
        throw new Error("The answer does not lead to an editor. Start again there.");
      return decided;
    },
    onSuccess: ({ redirect }) => redirect !== null && window.location.assign(redirect),
    gcTime: 0,
  });
  const what = flow.data?.client === "terminal" ? "terminal" : "editor";
  if (decide.isSuccess) {
    return (
      <CardPage title={decide.variables ? "Confirmed" : "Denied"}>
        <FlowOutcome client={what} approved={decide.variables} decided={decide.data} />
      </CardPage>
    );
  }
  const otherCode = onOtherCode !== undefined && (
    <Button variant="default" onClick={onOtherCode}>
      Type another code
    </Button>
  );
  if (flow.isError) {
    return (
      <CardPage title="Nothing waits here">
        <Failure title="That sign-in cannot be confirmed" error={flow.error} />
        {otherCode}
      </CardPage>
    );
  }
  if (flow.isPending) {
    return (
      <CardPage title="Confirm a sign-in">
        <Loading what="what asks" h={180} />
      </CardPage>
    );
  }
  const over = flow.data.state !== "waiting" || flow.data.expires_at <= now;
  return (
    <CardPage
      title={`Sign in ${what === "editor" ? "an editor" : "a terminal"}?`}
      description="It would use your account and spend your credits until you end it."
    >
      <FlowFacts flow={flow.data} now={now} />
      {decide.isError && <Failure title="Your answer did not arrive" error={decide.error} />}
      <Stack gap="sm">
        <Group gap="sm" grow>
          <Button
            variant="default"
            disabled={over}
            loading={decide.isPending && !decide.variables}
            onClick={() => decide.mutate(false)}
          >
            Deny
          </Button>
          <Button
            disabled={over || (decide.isPending && !decide.variables)}
            loading={decide.isPending && decide.variables}
            onClick={() => decide.mutate(true)}
          >
            Sign it in
          </Button>
        </Group>
        {over && otherCode}
      </Stack>
      <SignedInAs user={user} />
    </CardPage>
  );
}
