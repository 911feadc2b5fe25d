import type { AdminInstance } from "@oa/contract/admin";
import type { InstanceStatus } from "@oa/contract/instance";

/** What an admin can do about an instance in a status. The control plane decides; this only says what is worth offering. */
export type AdminAct = "restart" | "stop" | "delete" | "devices";

const ACTS: Readonly<Record<InstanceStatus, readonly AdminAct[]>> = {
  provisioning: ["delete"],
  ready: ["devices", "restart", "stop", "delete"],
  degraded: ["devices", "restart", "stop", "delete"],
  stopping: ["delete"],
  stopped: ["delete"],
  suspended: ["delete"],
  deleting: [],
  deleted: [],
  error: ["stop", "delete"],
};

export function adminActs(status: InstanceStatus): readonly AdminAct[] {
  return ACTS[status];
}

/** What a person is called in the list: their address, or the id a trusted service gave. */
export function ownerName({ email, user_id }: Pick<AdminInstance, "email" | "user_id">): string {
  return email ?? user_id;
}
