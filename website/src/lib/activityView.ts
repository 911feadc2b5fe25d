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

const TITLES: Readonly<Record<string, string>> = {
  "account.sign_up": "Account created",
  "account.sign_in": "Signed in",
  "account.sign_out": "Signed out",
  "instance.create": "OpenClaw created or started",
  "instance.stop": "Stop asked for",
  "instance.delete": "Deletion asked for",
  "instance.give_up": "Given up",
  "runtime.restart": "Gateway restarted",
  "runtime.backup": "Backup made",
  "runtime.restore": "Backup restored",
  "runtime.connect": "Gateway address and token shown",
  "device.approve": "Device approved",
  "device.reject": "Device rejected",
  "device.remove": "Device removed",
  "secret.store": "Secret stored",
  "secret.read": "Secret read",
};

/** Folds lines (newest first) into acts, newest first. An act's outcome replaces its beginning. */
export function activities(lines: readonly AuditLine[]): Activity[] {
  const acts = new Map<string, Activity>();
  for (const line of lines) {
    if (acts.has(line.act_id) && line.result === "started") continue;
    acts.set(line.act_id, {
      id: line.act_id,
      at: line.created_at,
      title: actionTitle(line.action),
      result: line.result === "started" ? "running" : line.result,
      by: actorWords(line),
      target: line.target,
      code: line.code,
    });
  }
  return [...acts.values()];
}

/** "device.approve" is "Device approved"; an action that is new to this page is shown as it is named. */
export function actionTitle(action: string): string {
  return TITLES[action] ?? action.replaceAll(/[._]/g, " ");
}

function actorWords(line: AuditLine): string {
  if (line.via === "system") return "by the platform";
  const who = line.via === "session" ? "by you" : "by a service on your behalf";
  return line.ip === null ? who : `${who} from ${line.ip}`;
}
