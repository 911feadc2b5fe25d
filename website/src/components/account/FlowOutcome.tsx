import { Anchor, Stack, Text } from "@mantine/core";
import type { FlowDecided } from "@oa/contract/accountsApi";
import type * as z from "zod";
import { TextLink } from "../ui/Links.tsx";
import { Notice } from "./Notice.tsx";
import { SecretLine } from "./SecretLine.tsx";

interface FlowOutcomeProps {
  client: "editor" | "terminal";
  approved: boolean;
  decided: z.infer<typeof FlowDecided>;
}

/** What to do next: go back to where it began, with a code to paste where the browser did not get there by itself. */
export function FlowOutcome({ client, approved, decided }: FlowOutcomeProps) {
  if (!approved) {
    return (
      <Notice kind="done" title="It was not let in">
        <Text size="sm">
          If you did not start this yourself, look at{" "}
          <TextLink to="/account/security" underline="always" inherit>
            where you are signed in
          </TextLink>
          .
        </Text>
      </Notice>
    );
  }
  return (
    <Stack gap="md">
      <Notice kind="done" title={`Go back to your ${client}`}>
        <Text size="sm">
          {decided.redirect === null
            ? "It notices within a few seconds. You can close this page."
            : "Your browser asks whether it may open it. You can close this page afterwards."}
        </Text>
      </Notice>
      {decided.redirect !== null && (
        <Anchor href={decided.redirect} underline="always" size="sm">
          Open it again
        </Anchor>
      )}
      {decided.code !== null && (
        <SecretLine
          label="Nothing opened? Paste this code there within a minute"
          value={decided.code}
          copyLabel="Copy the code"
        />
      )}
    </Stack>
  );
}
