import type { RuntimeJob } from "@oa/contract/runtime";
import { Alert } from "@mantine/core";
import { IconAlertCircle } from "@tabler/icons-react";
import { type Asked, failureOf } from "../../lib/jobView.ts";
import { useJobs } from "../../lib/live.tsx";
import { useNow } from "../../lib/useNow.ts";
import { Announcement } from "../ui/Announcement.tsx";
import { Failure } from "../ui/Failure.tsx";
import { RelativeTime } from "../ui/RelativeTime.tsx";

interface JobTroubleProps {
  kind: RuntimeJob["kind"];
  title: string;
  asked: Asked;
}

/** Why a piece of long work did not work, whoever asked for it; nothing where it did. */
export function JobTrouble({ kind, title, asked }: JobTroubleProps) {
  const failure = failureOf(kind, asked, useJobs(), useNow(30_000));
  switch (failure?.from) {
    case undefined:
      return null;
    case "refused":
      return <Failure title={title} error={failure.error} />;
    case "reported":
      return (
        <Alert role="note" color="red" variant="outline" icon={<IconAlertCircle aria-hidden />} title={title}>
          <Announcement>{title}</Announcement>
          {failure.outcome.reason} It ended <RelativeTime at={failure.outcome.endedAt} />.
        </Alert>
      );
  }
}
