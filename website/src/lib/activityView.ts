import { microUsd } from "@oa/contract/money";
import { signedUsd } from "./ledgerView.ts";
import type { AuditLine } from "./live.tsx";

/** One act for the timeline: the two lines of an act folded into one. */
export interface Activity {
  id: string;
  /** When it ended, or began while it has not ended. */
  at: number;
  title: string;
  /** How it stands; `running` where only the beginning is known. */
  result: "running" | "ok" | "failed";
  /** "by you from 203.0.113.9", "by the platform". */
  by: string;
  target: string | null;
  code: string | null;
}

/** What an act is called, and what it is called once it is done. */
const NAMES: Readonly<Record<string, { act: string; done: string }>> = {
  "account.sign_up": { act: "Sign-up", done: "Account created" },
  "account.sign_in": { act: "Sign-in", done: "Signed in" },
  "account.sign_out": { act: "Sign-out", done: "Signed out" },
  "instance.create": { act: "Start", done: "Start asked for" },
  "instance.stop": { act: "Stop", done: "Stop asked for" },
  "instance.delete": { act: "Deletion", done: "Deletion asked for" },
  "instance.give_up": { act: "Setting up", done: "Given up" },
  "runtime.restart": { act: "Restart", done: "Gateway restarted" },
  "runtime.backup": { act: "Backup", done: "Backup made" },
  "runtime.restore": { act: "Restore", done: "Backup restored" },
  "runtime.connect": { act: "Showing the token", done: "Gateway address and token shown" },
  "device.approve": { act: "Approval of a device", done: "Device approved" },
  "device.reject": { act: "Rejection of a device", done: "Device rejected" },
  "device.remove": { act: "Removal of a device", done: "Device removed" },
  "key.create": { act: "Making a key", done: "Key made" },
  "key.update": { act: "Changing a key", done: "Key changed" },
  "key.rotate": { act: "Rotation of a key", done: "Key rotated" },
  "key.revoke": { act: "Revoking a key", done: "Key revoked" },
  "secret.store": { act: "Making a secret of your OpenClaw", done: "Secret of your OpenClaw made" },
  "secret.erase": { act: "Removing a secret of your OpenClaw", done: "Secret of your OpenClaw removed" },
  "provider_keys.store": { act: "Storing a provider key", done: "Provider key stored" },
  "provider_keys.remove": { act: "Removing a provider key", done: "Provider key removed" },
  "inference_key.rotate": { act: "Rotation of your OpenClaw's key", done: "Your OpenClaw's key rotated" },
  "credits.adjust": { act: "Adjustment of your credits", done: "Your credits adjusted" },
  "credits.freeze": { act: "Freezing of your credits", done: "Your credits frozen" },
  "credits.unfreeze": { act: "Unfreezing of your credits", done: "Your credits unfrozen" },
  "admin.credits.adjust": { act: "Adjustment of your credits", done: "Your credits adjusted" },
  "admin.credits.freeze": { act: "Freezing of your credits", done: "Your credits frozen" },
  "admin.credits.unfreeze": { act: "Unfreezing of your credits", done: "Your credits unfrozen" },
  "admin.instance.stop": { act: "Stop", done: "Stop asked for" },
  "admin.instance.delete": { act: "Deletion", done: "Deletion asked for" },
  "admin.runtime.restart": { act: "Restart", done: "Gateway restarted" },
  "admin.device.approve": { act: "Approval of a device", done: "Device approved" },
  "admin.device.reject": { act: "Rejection of a device", done: "Device rejected" },
};

/** Folds lines (newest first) into acts, newest first. An act's outcome replaces its beginning. */
export function activities(lines: readonly AuditLine[]): Activity[] {
  const acts = new Map<string, Activity>();
  for (const line of lines) {
    if (acts.has(line.act_id) && line.result === "started") continue;
    const result = line.result === "started" ? "running" : line.result;
    acts.set(line.act_id, {
      id: line.act_id,
      at: line.created_at,
      title: activityTitle(line.action, result),
      result,
      by: actorWords(line),
      target: targetWords(line),
      code: line.code,
    });
  }
  return [...acts.values()];
}

/** "Backup made", "Backup under way", "Backup failed"; an action that is new to this page is shown as it is named. */
export function activityTitle(action: string, result: Activity["result"]): string {
  const plain = action.replaceAll(/[._]/g, " ");
  const { act, done } = NAMES[action] ?? { act: plain, done: plain };
  switch (result) {
    case "ok":
      return done;
    case "running":
      return `${act} under way`;
    case "failed":
      return `${act} failed`;
  }
}

const WHO: Readonly<Record<Exclude<AuditLine["via"], "system">, string>> = {
  session: "by you",
  terminal: "by you, in a terminal,",
  internal: "by a service on your behalf",
};

/** What only administrators do, whoever it is done to. */
const ADMIN_ACT = /^(admin|credits)\./;

/** What the platform does by itself, for an instance. */
const SECRET_ACT = /^secret\./;

/** The secrets of an instance, by the end of what the control plane writes: `<instance>:<secret>`. */
const SECRETS: Readonly<Record<string, string>> = {
  service_token: "its service token",
  inference_key: "its key for model calls",
  provider_keys: "your provider keys",
};

function actorWords(line: AuditLine): string {
  if (line.via === "system" || SECRET_ACT.test(line.action)) return "by the platform";
  if (ADMIN_ACT.test(line.action)) return "by an administrator";
  const who = WHO[line.via];
  return line.ip === null ? who.replace(/,$/, "") : `${who} from ${line.ip}`;
}

/** An adjustment was noted in micro-dollars once, under a name of its own. */
function targetWords({ action, target }: AuditLine): string | null {
  if (SECRET_ACT.test(action)) return SECRETS[target?.split(":").at(-1) ?? ""] ?? target;
  const amount = action === "credits.adjust" ? Number(target) : Number.NaN;
  return Number.isSafeInteger(amount) ? signedUsd(microUsd(amount)) : target;
}
