import * as z from "zod";
import { DesiredState, InstanceStatus } from "./instance.ts";
import { Millis } from "./ids.ts";

/**
 * What the people of `ADMIN_EMAILS` may do for others. Session cookie of an admin (403 `forbidden` for anyone else), envelope
 * `{ ok, data | error }`. Every act is audited with the admin as actor and the user as subject. `{userId}` is the user's id.
 *
 * Lists are the public, paginated Convex queries `admin:users` (`AdminUser`) and `admin:instances` (`AdminInstance`), both with
 * `{ paginationOpts }`, newest first; `admin:users` takes `email` too: the beginning of an address, in order of the address.
 */
export const ADMIN_PATHS = {
  /** POST -> 202 `InstanceAccepted`. */
  stop: "/web/admin/users/{userId}/instance/stop",
  /** POST -> `RestartResult`. */
  restart: "/web/admin/users/{userId}/instance/restart",
  /** DELETE -> 202 `InstanceAccepted`. */
  instance: "/web/admin/users/{userId}/instance",
  /** GET -> `observed(DeviceLists)`. */
  devices: "/web/admin/users/{userId}/devices",
  /** POST -> `DeviceDecision`. */
  deviceApprove: "/web/admin/users/{userId}/devices/{requestId}/approve",
  /** POST -> `DeviceDecision`. */
  deviceReject: "/web/admin/users/{userId}/devices/{requestId}/reject",
} as const;

export const AdminUser = z.object({
  user_id: z.string(),
  email: z.string(),
  email_verified: z.boolean(),
  is_admin: z.boolean(),
  created_at: Millis,
  balance_usd: z.number(),
  /** Frozen: nothing can be spent. */
  credits_status: z.enum(["active", "frozen", "closed"]),
  /** Null where they have none. */
  instance: z.object({ status: InstanceStatus, since: Millis }).nullable(),
});
export type AdminUser = z.infer<typeof AdminUser>;

export const AdminInstance = z.object({
  instance_id: z.string(),
  user_id: z.string(),
  /** Null for a user of a trusted service, who has no account here. */
  email: z.string().nullable(),
  status: InstanceStatus,
  desired: DesiredState,
  reason: z.string().nullable(),
  version: z.string().nullable(),
  runtime_name: z.string().nullable(),
  /** Age counts from here. */
  created_at: Millis,
  updated_at: Millis,
  last_ready_at: Millis.nullable(),
});
export type AdminInstance = z.infer<typeof AdminInstance>;
