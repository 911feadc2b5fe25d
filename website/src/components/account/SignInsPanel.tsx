import { Badge, Button, Group, Stack, Text, ThemeIcon } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import type { SignIn } from "@oa/contract/accountsApi";
import { IconCode, IconTerminal2, IconWorld, type TablerIcon } from "@tabler/icons-react";
import { useState } from "react";
import { accountApi } from "../../lib/accountApi.ts";
import { useSignIns } from "../../lib/accountLive.ts";
import { whereFrom } from "../../lib/authEventView.ts";
import { ConfirmDialog } from "../ui/ConfirmDialog.tsx";
import { Failure } from "../ui/Failure.tsx";
import { ListRow, RowList } from "../ui/Lists.tsx";
import { Loading } from "../ui/Loading.tsx";
import { Panel } from "../ui/Panel.tsx";
import { RelativeTime } from "../ui/RelativeTime.tsx";
import { SignOutEverywhere } from "./SignOutEverywhere.tsx";

const KINDS: Readonly<Record<SignIn["kind"], { Icon: TablerIcon; word: string }>> = {
  browser: { Icon: IconWorld, word: "Browser" },
  editor: { Icon: IconCode, word: "Editor" },
  terminal: { Icon: IconTerminal2, word: "Terminal" },
};

/** Everything that is in this account right now, this browser first. Live: what ends elsewhere leaves the list. */
export function SignInsPanel() {
  const signIns = useSignIns();
  return (
    <Panel
      title="Where you are signed in"
      description="Browsers, editors and terminals. End what you do not know."
      aside={<SignOutEverywhere />}
    >
      {signIns.state === "loading" && <Loading what="where you are signed in" h={120} />}
      {signIns.state === "failed" && <Failure title="The list did not load" error={signIns.error} />}
      {signIns.state === "ready" && (
        <RowList label="Where you are signed in">
          {signIns.value
            .toSorted((a, b) => Number(b.current) - Number(a.current) || b.last_seen_at - a.last_seen_at)
            .map((signIn) => (
              <SignInRow key={signIn.sign_in_id} signIn={signIn} />
            ))}
        </RowList>
      )}
    </Panel>
  );
}

function SignInRow({ signIn }: { signIn: SignIn }) {
  const [asked, setAsked] = useState(false);
  const { Icon, word } = KINDS[signIn.kind];
  const place = whereFrom({ device: "", place: signIn.place, ip: signIn.ip });
  return (
    <ListRow>
      <Group gap="sm" align="flex-start" wrap="nowrap" flex="1 1 200px" miw={0}>
        <ThemeIcon variant="light" color="gray" size={36} aria-hidden>
          <Icon size={20} />
        </ThemeIcon>
        <Stack gap={2} miw={0}>
          <Group gap="xs">
            <Text fw={600} style={{ overflowWrap: "anywhere" }}>
              {signIn.device}
            </Text>
            {signIn.current && (
              <Badge variant="light" color="green" autoContrast={false}>
                This browser
              </Badge>
            )}
          </Group>
          <Text size="sm" c="dimmed" style={{ overflowWrap: "anywhere" }}>
            {word}
            {place !== "" && ` · ${place}`}
          </Text>
          <Text size="sm" c="dimmed">
            Last seen <RelativeTime at={signIn.last_seen_at} /> · signed in <RelativeTime at={signIn.created_at} />
          </Text>
        </Stack>
      </Group>
      {!signIn.current && (
        <Button variant="default" size="xs" onClick={() => setAsked(true)} aria-label={`End ${signIn.device}`}>
          End
        </Button>
      )}
      <ConfirmDialog
        opened={asked}
        onClose={() => setAsked(false)}
        title={`End ${signIn.device}?`}
        confirm="End it"
        danger
        act={() => accountApi.endSignIn(signIn.sign_in_id)}
        onDone={() =>
          notifications.show({ color: "green", message: `${signIn.device} was signed out.`, role: "status" })
        }
      >
        <Text size="sm">
          It is signed out at once and has to sign in again. If you do not know it, change your password too.
        </Text>
      </ConfirmDialog>
    </ListRow>
  );
}
