import {
  ApiError,
  BillingSummary,
  CONTROL_PATHS,
  ClaimResult,
  CredentialsResult,
  InstanceAnswer,
  MaybeInstanceAnswer,
  ProviderKeyList,
  SecretValue,
  SessionResult,
  SignUpResult,
  StoreSecretResult,
} from "@oa/contract";
import type {
  AuditEventRequest,
  ClaimRequest,
  ControlInstance,
  ObservationRequest,
  OpenSessionRequest,
  ProviderKeyChange,
  RecordStepRequest,
  SecretKey,
  SetStatusRequest,
  SignUpRequest,
  UpsertInstanceRequest,
} from "@oa/contract";
import * as z from "zod";
import type { Config } from "../config.ts";
import { accountsClient } from "./accountsClient.ts";
import type { AccountsClient } from "./accountsClient.ts";
import { creditsClient } from "./creditsClient.ts";
import type { CreditsClient } from "./creditsClient.ts";
import { controlTransport } from "./transport.ts";
import type { ControlCallLimits } from "./transport.ts";

/** Fields of a request without those that name its user: the client puts the user into the header, once. */
type OfUser<T> = Omit<T, "user_id" | "userId">;

/** Convex as the Worker sees it; one method an endpoint of `/control/*`. Errors are `ApiError`s (`transport.ts`). */
export interface ControlClient extends AccountsClient, CreditsClient {
  instanceOf(userId: string): Promise<ControlInstance | null>;
  instanceById(instanceId: string): Promise<ControlInstance | null>;
  claim(userId: string, desired: z.infer<typeof ClaimRequest>["desired"]): Promise<ClaimResult>;
  upsert(userId: string, fields: OfUser<UpsertInstanceRequest>): Promise<ControlInstance>;
  setStatus(userId: string, change: OfUser<SetStatusRequest>): Promise<ControlInstance>;
  /** Keeps a secret that is there already; `readSecret` then tells which one it is. */
  storeSecretIfAbsent(userId: string, secret: { key: SecretKey; value: string; generation: number }): Promise<void>;
  /** Puts a secret in the place of the one before; the next drive hands it to the runtime. */
  storeSecret(userId: string, secret: { key: SecretKey; value: string; generation: number }): Promise<void>;
  /** Null where none is stored. Audited by Convex. */
  readSecret(userId: string, key: SecretKey): Promise<string | null>;
  /** What is shown of the owner's own keys; these three refuse with `no_instance`. */
  providerKeys(userId: string): Promise<ProviderKeyList>;
  changeProviderKeys(userId: string, change: z.input<typeof ProviderKeyChange>): Promise<ProviderKeyList>;
  removeProviderKeys(userId: string): Promise<ProviderKeyList>;
  /** False when the row has moved on to a newer generation. */
  recordStep(step: RecordStepRequest): Promise<boolean>;
  /** False when the observation is older than the row's generation. */
  observe(observation: ObservationRequest): Promise<boolean>;
  audit(event: AuditEventRequest): Promise<void>;
  billingSummary(userId: string): Promise<BillingSummary>;
  signUp(request: z.input<typeof SignUpRequest>): Promise<z.output<typeof SignUpResult>>;
  credentials(email: string): Promise<z.output<typeof CredentialsResult>["credentials"]>;
  openSession(request: z.input<typeof OpenSessionRequest>): Promise<void>;
  session(sessionHash: string): Promise<z.output<typeof SessionResult>["session"]>;
  endSession(sessionHash: string): Promise<void>;
}

/** Answers of which only the arrival matters. */
const Done = z.unknown();

/** `requestId` travels with every call. */
export function controlClient(config: Config, requestId: string, limits: ControlCallLimits = {}): ControlClient {
  const send = controlTransport({ siteUrl: config.convexSiteUrl, key: config.controlKey, requestId }, limits);
  return {
    ...accountsClient(send),
    ...creditsClient(send),
    async instanceOf(userId) {
      return (await send({ method: "GET", path: CONTROL_PATHS.instance, userId, answer: MaybeInstanceAnswer }))
        .instance;
    },
    async instanceById(instanceId) {
      const query = { instance_id: instanceId };
      const answer = await orNull(
        send({ method: "GET", path: CONTROL_PATHS.instanceById, query, answer: MaybeInstanceAnswer }),
      );
      return answer?.instance ?? null;
    },
    claim: (userId, desired) =>
      send({ method: "POST", path: CONTROL_PATHS.instanceClaim, userId, body: { desired }, answer: ClaimResult }),
    async upsert(userId, fields) {
      return (
        await send({ method: "POST", path: CONTROL_PATHS.instance, userId, body: fields, answer: InstanceAnswer })
      ).instance;
    },
    async setStatus(userId, change) {
      return (
        await send({ method: "POST", path: CONTROL_PATHS.instanceStatus, userId, body: change, answer: InstanceAnswer })
      ).instance;
    },
    async storeSecretIfAbsent(userId, secret) {
      const body = { ...secret, if_absent: true };
      await send({ method: "POST", path: CONTROL_PATHS.instanceSecret, userId, body, answer: StoreSecretResult });
    },
    async storeSecret(userId, secret) {
      const call = { path: CONTROL_PATHS.instanceSecret, userId, body: secret, answer: StoreSecretResult };
      await send({ method: "POST", ...call, repeatable: true });
    },
    providerKeys: (userId) =>
      send({ method: "GET", path: CONTROL_PATHS.providerKeys, userId, answer: ProviderKeyList }),
    changeProviderKeys: (userId, change) =>
      send({
        method: "POST",
        path: CONTROL_PATHS.providerKeys,
        userId,
        body: change,
        answer: ProviderKeyList,
        repeatable: true,
      }),
    removeProviderKeys: (userId) =>
      send({
        method: "DELETE",
        path: CONTROL_PATHS.providerKeys,
        userId,
        answer: ProviderKeyList,
        repeatable: true,
      }),
    async readSecret(userId, key) {
      const secret = await orNull(
        send({ method: "GET", path: CONTROL_PATHS.instanceSecret, userId, query: { key }, answer: SecretValue }),
      );
      return secret?.value ?? null;
    },
    async recordStep(step) {
      const answer = z.object({ recorded: z.boolean() });
      return (await send({ method: "POST", path: CONTROL_PATHS.instanceStep, body: step, answer })).recorded;
    },
    async observe(observation) {
      const answer = z.object({ accepted: z.boolean() });
      return (await send({ method: "POST", path: CONTROL_PATHS.instanceObserved, body: observation, answer })).accepted;
    },
    async audit(event) {
      await send({ method: "POST", path: CONTROL_PATHS.auditEvents, body: event, answer: Done });
    },
    billingSummary: (userId) =>
      send({ method: "GET", path: CONTROL_PATHS.billingSummary, userId, answer: BillingSummary }),
    signUp: (request) =>
      send({ method: "POST", path: CONTROL_PATHS.accountSignUp, body: request, answer: SignUpResult }),
    async credentials(email) {
      const call = {
        method: "POST",
        path: CONTROL_PATHS.accountCredentials,
        body: { email },
        answer: CredentialsResult,
        repeatable: true,
      } as const;
      return (await send(call)).credentials;
    },
    async openSession(request) {
      await send({ method: "POST", path: CONTROL_PATHS.accountSessions, body: request, answer: Done });
    },
    async session(sessionHash) {
      const body = { session_hash: sessionHash };
      return (
        await send({
          method: "POST",
          path: CONTROL_PATHS.accountSession,
          body,
          answer: SessionResult,
          repeatable: true,
        })
      ).session;
    },
    async endSession(sessionHash) {
      await send({
        method: "DELETE",
        path: CONTROL_PATHS.accountSession,
        body: { session_hash: sessionHash },
        answer: Done,
      });
    },
  };
}

/** "There is none" as a value. */
async function orNull<T>(answer: Promise<T>): Promise<T | null> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof ApiError && (error.code === "not_found" || error.code === "no_instance")) return null;
    throw error;
  }
}
