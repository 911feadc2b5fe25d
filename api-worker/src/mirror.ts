import { DeviceLists, RUNTIME_PATHS } from "@oa/contract";
import type { ControlInstance, ObservationRequest } from "@oa/contract";
import type { ControlClient } from "./control/client.ts";
import { READ_DEADLINE_MS } from "./runtime/ofUser.ts";
import type { UserRuntime } from "./runtime/ofUser.ts";

type Seen = Pick<ObservationRequest, "observed_at" | "gateway" | "devices" | "jobs">;

interface Mirroring {
  services: { control: ControlClient };
  after: (work: Promise<void>) => void;
}

/**
 * Tells Convex what a runtime just said, after the answer has gone out, so that every open page shows it. A mirror that
 * fails is only an older picture: the next look or the fleet's own event corrects it.
 */
export function mirror({ services, after }: Mirroring, instance: ControlInstance, seen: Seen): void {
  after(tell(services.control, instance, seen));
}

/** Looks at the devices again after one was decided on, and mirrors what is there now. */
export function mirrorDevices({ services, after }: Mirroring, runtime: UserRuntime): void {
  const look = async () => {
    const devices = await runtime.ask({
      method: "GET",
      path: RUNTIME_PATHS.devices,
      answer: DeviceLists,
      deadlineMs: READ_DEADLINE_MS,
    });
    await tell(services.control, runtime.instance, { observed_at: Date.now(), devices });
  };
  after(look().catch(() => undefined));
}

async function tell(control: ControlClient, instance: ControlInstance, seen: Seen): Promise<void> {
  try {
    await control.observe({ instance_id: instance.instance_id, generation: instance.generation, ...seen });
  } catch {
    console.warn(
      JSON.stringify({ level: "warn", event: "observation_not_mirrored", instance_id: instance.instance_id }),
    );
  }
}
