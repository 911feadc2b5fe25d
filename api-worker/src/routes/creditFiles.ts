import { CliExportQuery } from "@oa/contract";
import * as z from "zod";
import { actorOf } from "../audit.ts";
import { EXPORT_TYPES, ledgerFile, usageFile } from "../credits/exports.ts";
import { perUser } from "../limits.ts";
import { file } from "../route.ts";
import type { Route } from "../route.ts";

const shared = { input: z.object({ query: CliExportQuery }), types: EXPORT_TYPES };

/** The files of a user's money, behind either gate that knows whose they are: the page's and the terminal's. */
export function creditFiles(
  gate: "session" | "management",
  paths: { ledger: readonly string[]; usage: readonly string[] },
): readonly Route[] {
  return [
    ...paths.ledger.map((path) =>
      file({
        ...shared,
        path,
        gate,
        summary: "Everything that moved the balance as a file, oldest first, without an end to its length",
        limits: ({ granted }) => perUser("export_user", actorOf(granted).userId),
        handle: async ({ granted, input, services }) =>
          ledgerFile(services.control, actorOf(granted).userId, input.query),
      }),
    ),
    ...paths.usage.map((path) =>
      file({
        ...shared,
        path,
        gate,
        summary: "Every call and what it cost as a file, oldest first",
        limits: ({ granted }) => perUser("export_user", actorOf(granted).userId),
        handle: async ({ granted, input, services }) =>
          usageFile(services.control, actorOf(granted).userId, input.query),
      }),
    ),
  ];
}
