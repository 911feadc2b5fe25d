import { Alert, Button, Code, Group, Stack, Text } from "@mantine/core";
import { IconAlertCircle } from "@tabler/icons-react";
import type { ReactNode } from "react";
import { messageOf, requestIdOf } from "../../lib/requestError.ts";
import { CopyIcon } from "./CopyButton.tsx";

interface FailureProps {
  /** What did not work: "The backup was not made". */
  title: string;
  error: unknown;
  onRetry?: () => void;
  children?: ReactNode;
}

/** A failure in three parts: what, why, and the request id that finds it in the logs. */
export function Failure({ title, error, onRetry, children }: FailureProps) {
  const requestId = requestIdOf(error);
  return (
    <Alert role="alert" color="red" variant="outline" icon={<IconAlertCircle aria-hidden />} title={title}>
      <Stack gap="xs" align="flex-start">
        <Text size="sm">{messageOf(error)}</Text>
        {requestId !== null && (
          <Group gap={4}>
            <Text size="xs" c="dimmed">
              Request <Code>{requestId}</Code>
            </Text>
            <CopyIcon value={requestId} label="Copy the request id" />
          </Group>
        )}
        {children}
        {onRetry !== undefined && (
          <Button size="xs" variant="default" onClick={onRetry}>
            Try again
          </Button>
        )}
      </Stack>
    </Alert>
  );
}
