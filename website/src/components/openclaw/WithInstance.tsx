import { Paper, Skeleton, Stack } from "@mantine/core";
import type { InstanceSummary } from "@oa/contract/instance";
import type { ReactNode } from "react";
import { hasNoInstance } from "../../lib/instanceView.ts";
import { useInstance } from "../../lib/live.tsx";
import { Failure } from "../ui/Failure.tsx";
import { Announcement } from "../ui/Announcement.tsx";
import { NoInstance } from "./NoInstance.tsx";

interface WithInstanceProps {
  children: (instance: InstanceSummary) => ReactNode;
  /** Shown where there is none; by default the way to create one. */
  none?: ReactNode;
}

/** The signed-in user's instance for a page: its skeleton while it loads, what to do where there is none. */
export function WithInstance({ children, none }: WithInstanceProps) {
  const instance = useInstance();
  switch (instance.state) {
    case "loading":
      return <PageSkeleton />;
    case "failed":
      return (
        <Failure title="Your OpenClaw did not load" error={instance.error} onRetry={() => window.location.reload()} />
      );
    case "ready":
      return hasNoInstance(instance.value) ? (none ?? <NoInstance />) : children(instance.value);
  }
}

function PageSkeleton() {
  return (
    <Stack gap="lg">
      <Announcement>Loading your OpenClaw</Announcement>
      {[148, 220].map((height) => (
        <Paper key={height} withBorder p="lg">
          <Stack gap="sm">
            <Skeleton h={24} w="40%" />
            <Skeleton h={14} w="70%" />
            <Skeleton h={height - 100} />
          </Stack>
        </Paper>
      ))}
    </Stack>
  );
}
