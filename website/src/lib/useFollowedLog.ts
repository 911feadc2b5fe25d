import { useDocumentVisibility } from "@mantine/hooks";
import type { InstanceSummary } from "@oa/contract/instance";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { appendPage, EMPTY_LOG, type LogBuffer } from "./logBuffer.ts";
import { useLive } from "./live.tsx";
import type { LogStreamState } from "./logStream.ts";
import { logKey, logsQuery } from "./runtimeQueries.ts";

/**
 * The log as far as it was read, and what is written since. The stream is open only while the log is followed and the page
 * is in front of someone; then it goes on where the lines that are here end.
 */
export function useFollowedLog(instance: InstanceSummary, following: boolean) {
  const queryClient = useQueryClient();
  const { followLog } = useLive();
  const { instance_id } = instance;
  const log = useQuery(logsQuery(instance));
  const visible = useDocumentVisibility() !== "hidden";
  const [stream, setStream] = useState<LogStreamState>("opening");
  const open = following && visible && log.data !== undefined;
  useEffect(() => {
    if (!open) return;
    const queryKey = logKey(instance_id);
    return followLog({
      since: queryClient.getQueryData<LogBuffer>(queryKey)?.next ?? 0,
      onPage: (page) =>
        queryClient.setQueryData<LogBuffer>(queryKey, (buffer) => appendPage(buffer ?? EMPTY_LOG, page)),
      onState: setStream,
    });
  }, [open, queryClient, followLog, instance_id]);
  return { log, stream };
}
