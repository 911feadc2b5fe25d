import type { BackupRecord } from "@oa/contract/runtime";

/** The order people look for them in. */
export function newestFirst(backups: readonly BackupRecord[]): BackupRecord[] {
  return backups.toSorted((a, b) => b.createdAt - a.createdAt);
}
