import { Stack, Title } from "@mantine/core";
import { useQueryErrorResetBoundary } from "@tanstack/react-query";
import { type ErrorComponentProps, useRouter } from "@tanstack/react-router";
import { Failure } from "../ui/Failure.tsx";
import { LinkButton } from "../ui/Links.tsx";
import { PlainFrame } from "./PlainFrame.tsx";

/** Shown in place of a page that could not be loaded or drawn. */
export function ErrorPage({ error, reset }: ErrorComponentProps) {
  const router = useRouter();
  const queries = useQueryErrorResetBoundary();
  function retry() {
    queries.reset();
    reset();
    void router.invalidate();
  }
  return (
    <PlainFrame size="xs">
      <title>Something went wrong · OpenClaw</title>
      <Stack gap="md" align="stretch">
        <Title order={1} size="h2">
          This page did not load
        </Title>
        <Failure title="What happened" error={error} onRetry={retry} />
        <LinkButton to="/" variant="subtle" style={{ alignSelf: "flex-start" }}>
          Go to the front page
        </LinkButton>
      </Stack>
    </PlainFrame>
  );
}
