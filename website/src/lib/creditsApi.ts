import { Accepted } from "@oa/contract/accountsApi";
import {
  type CliCreateKey,
  type CliRotateKey,
  type CliUpdateKey,
  WEB_CREDIT_PATHS,
  WebKeySecret,
  WebModels,
} from "@oa/contract/cliCredits";
import { KeyAnswer } from "@oa/contract/keys";
import { queryOptions } from "@tanstack/react-query";
import type * as z from "zod";
import { type Door, envelopeFetch } from "./envelopeFetch.ts";
import { pathWith } from "./openclawApi.ts";

/** What a person does with their keys and alerts. Each call rejects with a `RequestError`. */
export function createCreditsApi(door: Door) {
  const of = (path: string, hash: string) => pathWith(path, "hash", hash);
  return {
    /** The secret is in the answer and nowhere else. `taken` where a living key has the name. */
    createKey: (body: z.input<typeof CliCreateKey>) =>
      envelopeFetch(door, { method: "POST", path: WEB_CREDIT_PATHS.webKeys, data: WebKeySecret, body }),
    updateKey: (hash: string, body: z.input<typeof CliUpdateKey>) =>
      envelopeFetch(door, { method: "POST", path: of(WEB_CREDIT_PATHS.webKey, hash), data: KeyAnswer, body }),
    /** The secret of before stays good for the grace. */
    rotateKey: (hash: string, body: z.input<typeof CliRotateKey>) =>
      envelopeFetch(door, { method: "POST", path: of(WEB_CREDIT_PATHS.webKeyRotate, hash), data: WebKeySecret, body }),
    /** For good; `expired` where it was revoked before. */
    revokeKey: (hash: string) =>
      envelopeFetch(door, { method: "DELETE", path: of(WEB_CREDIT_PATHS.webKey, hash), data: KeyAnswer }),
    /** What keys can call, and what it costs; empty where this installation answers no model calls. */
    models: (signal: AbortSignal) =>
      envelopeFetch(door, { method: "GET", path: WEB_CREDIT_PATHS.webModels, data: WebModels, signal }),
    /** Puts an alert away. */
    alertSeen: (alertId: string) =>
      envelopeFetch(door, {
        method: "POST",
        path: pathWith(WEB_CREDIT_PATHS.webAlertSeen, "alertId", alertId),
        data: Accepted,
      }),
  };
}

export const creditsApi = createCreditsApi({ origin: "" });

/** The models on offer: they change when whoever runs the installation changes them. */
export const modelsQuery = () =>
  queryOptions({ queryKey: ["models"], queryFn: ({ signal }) => creditsApi.models(signal), staleTime: 5 * 60_000 });

/** Address of a file of everything, or of some days; the browser saves it. */
export function exportAddress(
  what: "ledger" | "usage",
  asked: { format: "csv" | "jsonl"; from?: string; to?: string },
): string {
  const path = what === "ledger" ? WEB_CREDIT_PATHS.webLedgerExport : WEB_CREDIT_PATHS.webUsageExport;
  return `${path}?${new URLSearchParams(asked).toString()}`;
}
