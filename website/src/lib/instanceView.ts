import type { InstanceStatus, InstanceSummary } from "@oa/contract/instance";
import type { RuntimeJob } from "@oa/contract/runtime";

/** How a status looks and what a person may do in it. Never colour alone: word and icon say the same. */
export interface StatusView {
  /** One word. */
  word: string;
  /** One sentence for someone who sees it for the first time. */
  meaning: string;
  tone: "good" | "busy" | "warn" | "bad" | "off";
  acts: readonly InstanceAct[];
}

/** What the owner can ask for. The control plane decides; this only says what is worth offering. */
export type InstanceAct = "start" | "retry" | "restart" | "stop" | "delete";

export const STATUS_VIEWS: Readonly<Record<InstanceStatus, StatusView>> = {
  provisioning: { word: "Setting up", meaning: "Your OpenClaw is being prepared.", tone: "busy", acts: ["delete"] },
  ready: {
    word: "Ready",
    meaning: "The gateway is running and devices can connect.",
    tone: "good",
    acts: ["restart", "stop", "delete"],
  },
  degraded: {
    word: "Degraded",
    meaning: "The gateway is not well. It is looked after by itself; a restart may help sooner.",
    tone: "warn",
    acts: ["restart", "stop", "delete"],
  },
  stopping: { word: "Stopping", meaning: "The gateway is finishing its work.", tone: "busy", acts: ["delete"] },
  stopped: {
    word: "Stopped",
    meaning: "The gateway is off. Its data and paired devices are kept.",
    tone: "off",
    acts: ["start", "delete"],
  },
  suspended: {
    word: "Suspended",
    meaning:
      "The credits are used up. Data and paired devices are kept; it starts again by itself once there are some.",
    tone: "warn",
    acts: ["start", "delete"],
  },
  deleting: {
    word: "Deleting",
    meaning: "The gateway, its data and its backups are being removed.",
    tone: "busy",
    acts: [],
  },
  deleted: { word: "Deleted", meaning: "Nothing of it is left.", tone: "off", acts: [] },
  error: {
    word: "Failed",
    meaning: "It stopped before it was done and needs a decision from you.",
    tone: "bad",
    acts: ["retry", "delete"],
  },
};

/** What its status means while `job` is under way: a gateway that was stopped on purpose is not one that is not well. */
export function statusMeaning(status: InstanceStatus, job: RuntimeJob["kind"] | null): string {
  if (status === "degraded" && job === "restore")
    return "A backup is being restored. The gateway starts again by itself when that is done.";
  if (status === "degraded" && job === "restart") return "The gateway is being restarted, as it was asked to.";
  return STATUS_VIEWS[status].meaning;
}

/** What is worth offering. A deletion that failed can only be deleted again; a failed stop can also be started again. */
export function offeredActs({ status, desired }: InstanceSummary): readonly InstanceAct[] {
  if (status === "error" && desired === "deleted") return ["delete"];
  if (status === "error" && desired === "stopped") return ["start", "stop", "delete"];
  return STATUS_VIEWS[status].acts;
}

/** True where the steps of setting up are what a person wants to see. */
export function showsSteps({ status, desired }: InstanceSummary): boolean {
  return status === "provisioning" || (status === "error" && desired === "running");
}

/** True where the page should offer to create one: there is none, or what there was is gone. */
export function hasNoInstance(instance: InstanceSummary | null): instance is null {
  return instance === null || instance.status === "deleted";
}

/** True when the runtime can be asked for its status, devices, backups and logs. */
export function isReachable(status: InstanceStatus): boolean {
  return status === "ready" || status === "degraded";
}

/** Since when the status holds, in milliseconds since 1970. */
export function statusSince(instance: InstanceSummary): number {
  if (instance.status === "ready") return instance.last_ready_at ?? instance.updated_at;
  if (instance.status === "provisioning") return provisioningStarted(instance) ?? instance.updated_at;
  return instance.updated_at;
}

/** When the run of steps that is shown began; null before its first step. */
export function provisioningStarted(instance: InstanceSummary): number | null {
  const starts = instance.steps.flatMap((step) => (step.started_at === null ? [] : [step.started_at]));
  return starts.length === 0 ? null : Math.min(...starts);
}
