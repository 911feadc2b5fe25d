import { Stack, Tabs, TextInput } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { IconSearch } from "@tabler/icons-react";
import { createFileRoute } from "@tanstack/react-router";
import { useState } from "react";
import * as z from "zod";
import { InstanceList } from "../../components/admin/InstanceList.tsx";
import { MismatchNotice } from "../../components/admin/MismatchNotice.tsx";
import { UserList } from "../../components/admin/UserList.tsx";
import { Notice } from "../../components/account/Notice.tsx";
import { Failure } from "../../components/ui/Failure.tsx";
import { LinkButton } from "../../components/ui/Links.tsx";
import { Loading } from "../../components/ui/Loading.tsx";
import { PageHeader } from "../../components/ui/PageHeader.tsx";
import { Panel } from "../../components/ui/Panel.tsx";
import { useAccount } from "../../lib/accountLive.ts";
import { useLive } from "../../lib/live.tsx";
import { pageTitle } from "../../lib/pageTitle.ts";

const TabName = z.enum(["instances", "people"]);

/** For the people of `ADMIN_EMAILS`: everyone's instances and accounts. The server refuses everyone else as well. */
export const Route = createFileRoute("/_app/admin")({
  validateSearch: z.object({ tab: TabName.optional().catch(undefined) }),
  head: () => pageTitle("Administration"),
  component: AdminPage,
});

function AdminPage() {
  const account = useAccount();
  const header = (
    <PageHeader title="Administration" description="Everyone's OpenClaw. What you do here is noted with your name." />
  );
  switch (account.state) {
    case "loading":
      return (
        <>
          {header}
          <Loading what="your rights" h={200} />
        </>
      );
    case "failed":
      return (
        <>
          {header}
          <Failure title="Your rights did not load" error={account.error} />
        </>
      );
    case "ready":
      return account.value.is_admin ? (
        <>
          {header}
          <Mismatches />
          <Lists />
        </>
      ) : (
        <>
          <PageHeader title="Administration" />
          <Notice kind="info" title="This page is for administrators">
            Your account is not one. An administrator's e-mail also has to be verified.
          </Notice>
          <LinkButton to="/openclaw" style={{ alignSelf: "flex-start" }}>
            Go to my OpenClaw
          </LinkButton>
        </>
      );
  }
}

function Mismatches() {
  const { Mismatches } = useLive().credits;
  return <Mismatches>{(alerts) => <MismatchNotice alerts={alerts} />}</Mismatches>;
}

function Lists() {
  const { Instances } = useLive().account;
  const { tab = "instances" } = Route.useSearch();
  const navigate = Route.useNavigate();
  return (
    <Tabs
      value={tab}
      keepMounted={false}
      onChange={(value) => void navigate({ search: { tab: TabName.safeParse(value).data }, replace: true })}
    >
      <Tabs.List>
        <Tabs.Tab value="instances">Instances</Tabs.Tab>
        <Tabs.Tab value="people">People</Tabs.Tab>
      </Tabs.List>
      <Tabs.Panel value="instances" pt="md">
        <Panel title="Instances" description="Newest first, with their state and age. Live.">
          <Instances>{(instances) => <InstanceList instances={instances} />}</Instances>
        </Panel>
      </Tabs.Panel>
      <Tabs.Panel value="people" pt="md">
        <People />
      </Tabs.Panel>
    </Tabs>
  );
}

/** Long enough that a word typed at once is one question. */
const TYPING_MS = 300;

function People() {
  const { Users } = useLive().account;
  const [typed, setTyped] = useState("");
  const [email] = useDebouncedValue(typed.trim().toLowerCase(), TYPING_MS);
  return (
    <Panel title="People" description={email === "" ? "Newest first. Live." : "In order of their e-mail. Live."}>
      <Stack gap="lg">
        <TextInput
          type="search"
          label="E-mail begins with"
          leftSection={<IconSearch size={16} aria-hidden />}
          value={typed}
          onChange={(event) => setTyped(event.currentTarget.value)}
          autoComplete="off"
          autoCapitalize="none"
          spellCheck={false}
          maw={360}
        />
        <Users email={email}>{(users) => <UserList users={users} searched={email} />}</Users>
      </Stack>
    </Panel>
  );
}
