import {
  ACCOUNT_CONTROL_PATHS,
  ApiError,
  AuditEventRequest,
  BillingSummary,
  CONTROL_KEY_HEADER,
  CONTROL_PATHS,
  ClaimRequest,
  ControlInstance,
  CredentialsRequest,
  FailedSignIn,
  FamilyRequest,
  KeyRequest,
  LimitsRequest,
  ObservationRequest,
  OpenSessionRequest,
  ProviderKeyChange,
  ProviderKeyHint,
  ProviderKeys,
  RecordStepRequest,
  STEP_NAMES,
  SessionRequest,
  SetStatusRequest,
  SignUpRequest,
  StoreSecretRequest,
  UpsertInstanceRequest,
} from "@oa/contract";
import type { AccessGranted, LimitCheck, ProviderKeyList, SecretKey, User } from "@oa/contract";
import type * as z from "zod";
import type { CreditsState } from "./creditsDouble.ts";
import { CREDIT_HANDLERS, emptyCredits } from "./creditsDouble.ts";
import type { HoldsState } from "./holdsDouble.ts";
import { HOLD_HANDLERS, emptyHolds } from "./holdsDouble.ts";

/** A request as the doubles see one. */
export interface Asked {
  method: string;
  url: URL;
  headers: Record<string, string | undefined>;
  body: unknown;
}

/** What the double remembers, for tests to look into. */
export interface ConvexState {
  instances: ControlInstance[];
  secrets: Record<string, string>;
  audit: z.infer<typeof AuditEventRequest>[];
  observations: z.infer<typeof ObservationRequest>[];
  users: { user: User; password_hash: string }[];
  sessions: Record<string, { user_id: string; user_agent: string | null; ip: string | null }>;
  tokenVersion: number;
  /** Whether the sessions are an administrator's. */
  isAdmin: boolean;
  /** Every limit that was counted against, in order. */
  limits: z.infer<typeof LimitCheck>[];
  /** What the next attempts are told to wait; null lets them pass. */
  retryAfterMs: number | null;
  /** Users whose password was got wrong. */
  failedSignIns: string[];
  /** Users of terminals, by the hash of their management key; of editors, by their family. */
  terminals: Record<string, string>;
  editors: Record<string, string>;
  credits: CreditsState;
  holds: HoldsState;
}

export function emptyConvex(): ConvexState {
  return {
    instances: [],
    secrets: {},
    audit: [],
    observations: [],
    users: [],
    sessions: {},
    tokenVersion: 1,
    isAdmin: false,
    limits: [],
    retryAfterMs: null,
    failedSignIns: [],
    terminals: {},
    editors: {},
    credits: emptyCredits(),
    holds: emptyHolds(),
  };
}

export const CONTROL_KEY = "control-key-of-the-tests";

/** Enough of Convex's `/control/*` for the Worker: the wire of the contract, without Convex's rules and deadlines. */
export function convexAnswer(state: ConvexState, asked: Asked): unknown {
  if (asked.headers[CONTROL_KEY_HEADER] !== CONTROL_KEY) throw new ApiError("unauthorized", "wrong control key");
  const endpoint = `${asked.method} ${asked.url.pathname}`;
  const ofHolds = HOLD_HANDLERS[endpoint];
  if (ofHolds !== undefined) return ofHolds(state.holds, asked);
  const ofCredits = CREDIT_HANDLERS[endpoint];
  if (ofCredits !== undefined) return ofCredits(state.credits, asked, () => userOf(asked));
  const handler = HANDLERS[endpoint];
  if (handler === undefined) throw new ApiError("not_found", `no ${asked.method} ${asked.url.pathname}`);
  return handler(state, asked);
}

const HANDLERS: Record<string, (state: ConvexState, asked: Asked) => unknown> = {
  [`GET ${CONTROL_PATHS.instance}`]: (state, asked) => ({ instance: rowOf(state, userOf(asked)) ?? null }),
  [`GET ${CONTROL_PATHS.instanceById}`]: (state, asked) => ({
    instance: state.instances.find((row) => row.instance_id === asked.url.searchParams.get("instance_id")) ?? null,
  }),
  [`POST ${CONTROL_PATHS.instanceClaim}`]: (state, asked) => {
    const { desired } = ClaimRequest.parse(asked.body);
    const user = userOf(asked);
    const before = rowOf(state, user);
    if (before?.desired === desired) return { instance: before, changed: false };
    const status = { running: "provisioning", stopped: "stopping", deleted: "deleting" } as const;
    if (before !== undefined) {
      Object.assign(before, {
        desired,
        status: status[desired],
        generation: before.generation + 1,
        steps: freshSteps(),
      });
      return { instance: before, changed: true };
    }
    const row = freshRow(user, `inst${String(state.instances.length + 1).padStart(8, "0")}`);
    state.instances.push(row);
    return { instance: row, changed: true };
  },
  [`POST ${CONTROL_PATHS.instance}`]: (state, asked) => {
    const { generation, user_id: _a, userId: _b, ...fields } = UpsertInstanceRequest.parse(asked.body);
    const row = current(state, userOf(asked), generation);
    const taken = state.instances.some(
      (other) => other !== row && other.runtime_url !== null && other.runtime_url === fields.runtime_url,
    );
    if (taken) throw new ApiError("taken", "another user holds it");
    Object.assign(row, fields);
    return { instance: row };
  },
  [`POST ${CONTROL_PATHS.instanceStatus}`]: (state, asked) => {
    const { status, reason, generation } = SetStatusRequest.parse(asked.body);
    const row = current(state, userOf(asked), generation);
    Object.assign(row, { status, reason: reason ?? null, ...(status === "ready" && { last_ready_at: Date.now() }) });
    return { instance: row };
  },
  [`POST ${CONTROL_PATHS.instanceStep}`]: (state, asked) => {
    const step = RecordStepRequest.parse(asked.body);
    const row = state.instances.find(
      (row) => row.instance_id === step.instance_id && row.generation === step.generation,
    );
    if (row === undefined) return { recorded: false };
    const of = row.steps.find(({ name }) => name === step.step);
    Object.assign(of ?? {}, { state: step.state, detail: step.detail });
    return { recorded: true };
  },
  [`POST ${CONTROL_PATHS.instanceSecret}`]: (state, asked) => {
    const secret = StoreSecretRequest.parse(asked.body);
    const row = current(state, userOf(asked), secret.generation);
    const id = `${row.user_id}/${secret.key}`;
    const stored = !(secret.if_absent === true && id in state.secrets);
    if (stored) keepSecret(state, row, secret.key, secret.value);
    return { key: secret.key, stored, key_id: "k1" };
  },
  [`GET ${CONTROL_PATHS.instanceSecret}`]: (state, asked) => {
    const key = asked.url.searchParams.get("key");
    const value = state.secrets[`${userOf(asked)}/${key}`];
    if (value === undefined) throw new ApiError("not_found", "no such secret");
    return { key, value };
  },
  [`GET ${CONTROL_PATHS.providerKeys}`]: (state, asked) => shownKeys(current(state, userOf(asked), undefined)),
  [`POST ${CONTROL_PATHS.providerKeys}`]: (state, asked) => {
    const row = current(state, userOf(asked), undefined);
    const { keys } = ProviderKeyChange.parse(asked.body);
    const before = ProviderKeys.parse(JSON.parse(state.secrets[`${row.user_id}/provider_keys`] ?? "{}"));
    const after = Object.entries({ ...before, ...keys }).filter(([, key]) => key !== null);
    keepSecret(state, row, "provider_keys", after.length === 0 ? null : JSON.stringify(Object.fromEntries(after)));
    return shownKeys(row);
  },
  [`DELETE ${CONTROL_PATHS.providerKeys}`]: (state, asked) => {
    const row = current(state, userOf(asked), undefined);
    keepSecret(state, row, "provider_keys", null);
    return shownKeys(row);
  },
  [`POST ${CONTROL_PATHS.instanceObserved}`]: (state, asked) => {
    const seen = ObservationRequest.parse(asked.body);
    const row = state.instances.find((row) => row.instance_id === seen.instance_id);
    if (row?.generation !== seen.generation) return { accepted: false };
    state.observations.push(seen);
    return { accepted: true };
  },
  [`POST ${CONTROL_PATHS.auditEvents}`]: (state, asked) => {
    state.audit.push(AuditEventRequest.parse(asked.body));
    return { recorded: true };
  },
  [`GET ${CONTROL_PATHS.billingSummary}`]: (_state, asked) =>
    BillingSummary.parse({
      user_id: userOf(asked),
      balance_usd: 5,
      balance_microusd: 5_000_000,
      held_usd: 0,
      available_usd: 5,
    }),
  [`POST ${CONTROL_PATHS.accountSignUp}`]: (state, asked) => {
    const { email, password_hash, session } = SignUpRequest.parse(asked.body);
    if (state.users.some(({ user }) => user.email === email))
      throw new ApiError("taken", "This e-mail has an account. Sign in instead.");
    const user = { user_id: `user${state.users.length + 1}`, email, created_at: Date.now() };
    state.users.push({ user, password_hash });
    state.sessions[session.session_hash] = { user_id: user.user_id, user_agent: session.user_agent, ip: session.ip };
    return { user };
  },
  [`POST ${CONTROL_PATHS.accountCredentials}`]: (state, asked) => {
    const { email } = CredentialsRequest.parse(asked.body);
    return { credentials: state.users.find(({ user }) => user.email === email) ?? null };
  },
  [`POST ${CONTROL_PATHS.accountSessions}`]: (state, asked) => {
    const { user_id, session, rehash } = OpenSessionRequest.parse(asked.body);
    const account = state.users.find(({ user }) => user.user_id === user_id);
    if (account !== undefined && rehash !== undefined) account.password_hash = rehash;
    state.sessions[session.session_hash] = { user_id, user_agent: session.user_agent, ip: session.ip };
    return {};
  },
  [`POST ${CONTROL_PATHS.accountSession}`]: (state, asked) => {
    const session = state.sessions[SessionRequest.parse(asked.body).session_hash];
    const account = state.users.find(({ user }) => user.user_id === session?.user_id);
    const found = account && {
      session_id: "session1",
      user: account.user,
      created_at: Date.now(),
      expires_at: Date.now() + 1000,
      token_version: state.tokenVersion,
      is_admin: state.isAdmin,
    };
    return { session: found ?? null };
  },
  [`POST ${CONTROL_PATHS.accountLimits}`]: (state, asked) => {
    state.limits.push(...LimitsRequest.parse(asked.body).checks);
    return state.retryAfterMs === null ? { allowed: true } : { allowed: false, retry_after_ms: state.retryAfterMs };
  },
  [`POST ${CONTROL_PATHS.accountSignInFailed}`]: (state, asked) => {
    state.failedSignIns.push(FailedSignIn.parse(asked.body).user_id);
    return { done: true };
  },
  [`POST ${ACCOUNT_CONTROL_PATHS.managementKey}`]: (state, asked) => ({
    access: accessOf(state, state.terminals[KeyRequest.parse(asked.body).key_hash]),
  }),
  [`POST ${ACCOUNT_CONTROL_PATHS.refreshFamily}`]: (state, asked) => ({
    access: accessOf(state, state.editors[FamilyRequest.parse(asked.body).family_id]),
  }),
  [`DELETE ${CONTROL_PATHS.accountSession}`]: (state, asked) => {
    delete state.sessions[SessionRequest.parse(asked.body).session_hash];
    return {};
  },
};

/** Stores a secret in the clear, or with null takes it away; what the row tells of it follows. */
function keepSecret(state: ConvexState, row: ControlInstance, key: SecretKey, value: string | null): void {
  const id = `${row.user_id}/${key}`;
  if (value === null) delete state.secrets[id];
  else state.secrets[id] = value;
  row[`has_${key}`] = value !== null;
  row.secret_versions[key] += 1;
  if (key !== "provider_keys") return;
  const keys = Object.entries(ProviderKeys.catch({}).parse(JSON.parse(value ?? "{}")));
  row.model_source = value === null ? "credits" : "own_keys";
  row.provider_keys = keys.map(([provider, text]) =>
    ProviderKeyHint.parse({ provider, last_four: text.slice(-4), updated_at: 1 }),
  );
}

function shownKeys({ model_source, provider_keys }: ControlInstance): ProviderKeyList {
  return { model_source, provider_keys };
}

function userOf(asked: Asked): string {
  const user = asked.headers["x-oa-user-id"];
  if (user === undefined) throw new ApiError("invalid_request", "no user");
  return user;
}

/** A user by their id alone: whoever has a terminal or an editor is known. */
function accessOf(state: ConvexState, userId: string | undefined): AccessGranted | null {
  if (userId === undefined) return null;
  return {
    user: { user_id: userId, email: `${userId}@example.com`, created_at: 1 },
    token_version: state.tokenVersion,
    sign_in_id: "signin1",
    balance_usd: 5,
    available_usd: 5,
    lifetime_usd: 5,
  };
}

function rowOf(state: ConvexState, user: string): ControlInstance | undefined {
  return state.instances.find((row) => row.user_id === user);
}

function current(state: ConvexState, user: string, generation: number | undefined): ControlInstance {
  const row = rowOf(state, user);
  if (row === undefined) throw new ApiError("no_instance", "none");
  if (generation !== undefined && generation !== row.generation)
    throw new ApiError("stale_generation", "the row has moved on");
  return row;
}

function freshSteps(): ControlInstance["steps"] {
  return STEP_NAMES.map((name) => ({
    name,
    state: name === "claim" ? "done" : "pending",
    detail: null,
    started_at: null,
    finished_at: null,
  }));
}

/** A row as a first claim leaves it. */
export function freshRow(userId: string, instanceId: string): ControlInstance {
  return {
    instance_id: instanceId,
    user_id: userId,
    status: "provisioning",
    desired: "running",
    generation: 1,
    runtime_name: null,
    version: null,
    reason: null,
    steps: freshSteps(),
    model_source: "credits",
    provider_keys: [],
    created_at: 1,
    updated_at: 1,
    last_ready_at: null,
    runtime_url: null,
    gateway_url: null,
    cf_account_id: null,
    cf_worker_name: null,
    cf_worker_id: null,
    cf_container_app_id: null,
    cf_container_app_name: null,
    r2_bucket_name: null,
    has_service_token: false,
    has_provider_keys: false,
    has_inference_key: false,
    access_version: 0,
    secret_versions: { service_token: 0, provider_keys: 0, inference_key: 0 },
  };
}
