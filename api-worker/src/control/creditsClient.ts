import {
  CREDIT_CONTROL_PATHS,
  CreditStanding,
  Done,
  KEY_CONTROL_PATHS,
  KeyAnswer,
  KeyInfoAnswer,
  KeyList,
  KeyStanding,
  LedgerExportPage,
  LedgerPage,
  LedgerPosting,
  ModelPrice,
  UsageExportPage,
  UsageOffsetPage,
  UsageSummary,
} from "@oa/contract";
import type * as contract from "@oa/contract";
import * as z from "zod";
import type { ControlTransport } from "./transport.ts";

type In<S extends z.ZodType> = z.input<S>;
type Out<S extends z.ZodType> = z.output<S>;

/** A stretch of a listing: `limit` rows from `offset` on. */
interface Stretch {
  limit: number;
  offset: number;
}

/**
 * `/control/keys/*`, `/control/credits/*` and `/control/usage/*`, but for the batch of `CreditDesk`; one method an endpoint. What they
 * mean: `KEY_CONTROL_PATHS` and `CREDIT_CONTROL_PATHS`. Unknown and foreign keys are `not_found`.
 */
export interface CreditsClient {
  provisionedKeys(userId: string, includeRevoked: boolean): Promise<contract.ProvisionedKey[]>;
  /** `taken` where a living key has the name. */
  createProvisionedKey(userId: string, key: In<typeof contract.CreateKey>): Promise<contract.ProvisionedKey>;
  provisionedKey(userId: string, hash: string): Promise<contract.ProvisionedKeyInfo>;
  updateProvisionedKey(userId: string, change: In<typeof contract.UpdateKey>): Promise<contract.ProvisionedKey>;
  /** `expired` where it was revoked before. */
  revokeProvisionedKey(userId: string, hash: string): Promise<contract.ProvisionedKey>;
  rotateProvisionedKey(
    userId: string,
    next: In<typeof contract.RotateProvisionedKey>,
  ): Promise<contract.ProvisionedKey>;
  /** Whose key has this secret; null for nobody's. */
  resolveProvisionedKey(secretHash: string): Promise<contract.KeyStanding["key"]>;
  /** The hosted OpenClaw's key has this secret from now on. */
  setInstanceKey(userId: string, key: In<typeof contract.InstanceKey>): Promise<contract.ProvisionedKey>;

  creditStanding(userId: string): Promise<contract.CreditStanding>;
  /** Newest first. */
  ledger(userId: string, rows: Stretch & { type?: contract.HistoryType | undefined }): Promise<Out<typeof LedgerPage>>;
  /** Oldest first. */
  ledgerExport(userId: string, page: contract.ExportPageQuery): Promise<Out<typeof LedgerExportPage>>;
  adjustCredits(userId: string, posting: In<typeof contract.AdjustCredits>): Promise<LedgerPosting>;
  freezeCredits(userId: string, change: In<typeof contract.FreezeCredits>): Promise<void>;
  usageSummary(
    userId: string,
    range: { group: contract.UsageGroup; from: string; to: string },
  ): Promise<contract.UsageSummary>;
  /** Newest first. */
  usageEvents(userId: string, rows: Stretch): Promise<Out<typeof UsageOffsetPage>>;
  /** Oldest first. */
  usageExport(userId: string, page: contract.ExportPageQuery): Promise<Out<typeof UsageExportPage>>;
  markAlertSeen(userId: string, alertId: string): Promise<void>;
  /** Every model there is a price for. */
  inferenceModels(): Promise<ModelPrice[]>;
}

const ModelList = z.object({ models: z.array(ModelPrice) });

/** Only what changes nothing by being said twice is asked again when an answer is lost. */
export function creditsClient(send: ControlTransport): CreditsClient {
  const keys = KEY_CONTROL_PATHS;
  const credits = CREDIT_CONTROL_PATHS;
  const get = <S extends z.ZodType>(path: string, userId: string, answer: S, query: object = {}) =>
    send({ method: "GET", path, userId, query: queryOf(query), answer });
  const post = <S extends z.ZodType>(path: string, userId: string, body: unknown, answer: S, repeatable = false) =>
    send({ method: "POST", path, userId, body, answer, repeatable });
  return {
    provisionedKeys: async (userId, includeRevoked) =>
      (await get(keys.keys, userId, KeyList, { include_revoked: includeRevoked })).keys,
    createProvisionedKey: async (userId, key) => (await post(keys.keys, userId, key, KeyAnswer)).key,
    provisionedKey: async (userId, hash) => (await get(keys.key, userId, KeyInfoAnswer, { hash })).key,
    updateProvisionedKey: async (userId, change) => (await post(keys.key, userId, change, KeyAnswer, true)).key,
    revokeProvisionedKey: async (userId, hash) =>
      (await send({ method: "DELETE", path: keys.key, userId, body: { hash }, answer: KeyAnswer })).key,
    rotateProvisionedKey: async (userId, next) => (await post(keys.keyRotate, userId, next, KeyAnswer)).key,
    async resolveProvisionedKey(secretHash) {
      const body = { secret_hash: secretHash };
      return (await send({ method: "POST", path: keys.keyResolve, body, answer: KeyStanding, repeatable: true })).key;
    },
    setInstanceKey: async (userId, key) => (await post(keys.keyInstance, userId, key, KeyAnswer, true)).key,

    creditStanding: (userId) => get(credits.creditsStanding, userId, CreditStanding),
    ledger: (userId, rows) => get(credits.creditsHistory, userId, LedgerPage, rows),
    ledgerExport: (userId, page) => get(credits.creditsExport, userId, LedgerExportPage, page),
    // Repeatable by its idempotency key.
    adjustCredits: (userId, posting) => post(credits.creditsAdjust, userId, posting, LedgerPosting, true),
    async freezeCredits(userId, change) {
      await post(credits.creditsFreeze, userId, change, Done, true);
    },
    usageSummary: (userId, range) => get(credits.usageSummary, userId, UsageSummary, range),
    usageEvents: (userId, rows) => get(credits.usageEvents, userId, UsageOffsetPage, rows),
    usageExport: (userId, page) => get(credits.usageEvents, userId, UsageExportPage, page),
    async markAlertSeen(userId, alertId) {
      await post(credits.alertSeen, userId, { alert_id: alertId }, Done, true);
    },
    inferenceModels: async () =>
      (await send({ method: "GET", path: credits.inferenceModels, answer: ModelList })).models,
  };
}

/** Fields that are left out stay out of the query. */
function queryOf(fields: object): Record<string, string> {
  return Object.fromEntries(
    Object.entries(fields)
      .filter(([, value]) => value !== undefined)
      .map(([name, value]) => [name, String(value)]),
  );
}
