import type { InstanceSummary } from "@oa/contract/instance";
import { notifications } from "@mantine/notifications";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { runtimeKey } from "../../lib/runtimeQueries.ts";

/**
 * A call that changes something in the instance's runtime: what was read from it is asked anew afterwards, and a
 * success is told in a notice that is announced. Failures stay with the caller, to be shown where the act was asked for.
 */
export function useRuntimeAct<T, V = void>(
  instance: InstanceSummary,
  act: (variables: V) => Promise<T>,
  done: (answer: T) => string,
) {
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: act,
    onSuccess: (answer) => notifications.show({ color: "green", message: done(answer), role: "status" }),
    onSettled: () => queryClient.invalidateQueries({ queryKey: runtimeKey(instance) }),
  });
}
