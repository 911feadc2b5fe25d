import {
  ACCOUNT_CONTROL_PATHS as PATHS,
  AccessGranted,
  Done,
  FlowDecideResult,
  FlowLooked,
  FlowTaken,
  GithubDevicePolled,
  KeyOwner,
  LimitsResult,
  MaybeUser,
  OAuthOutcome,
  OAuthTaken,
  RefreshOutcome,
  SessionResult,
  SignInList,
  Standing,
  User,
  UserInfoTaken,
  VerifyStarted,
} from "@oa/contract";
import type * as contract from "@oa/contract";
import * as z from "zod";
import type { ControlTransport } from "./transport.ts";

type In<S extends z.ZodType> = z.input<S>;
type Out<S extends z.ZodType> = z.output<S>;

/** `/control/accounts/*` beyond sign-up and sessions; one method an endpoint. What they mean: `contract/src/accountsControl.ts`. */
export interface AccountsClient {
  takeLimits(checks: readonly contract.LimitCheck[]): Promise<Out<typeof LimitsResult>>;
  register(request: In<typeof contract.RegisterRequest>): Promise<AccessGranted>;
  openAccess(request: In<typeof contract.OpenAccessRequest>): Promise<AccessGranted>;
  signInFailed(request: In<typeof contract.FailedSignIn>): Promise<void>;
  setPassword(request: In<typeof contract.SetPasswordRequest>): Promise<void>;
  startReset(request: In<typeof contract.ResetStart>): Promise<User | null>;
  finishReset(request: In<typeof contract.ResetFinish>): Promise<void>;
  startVerify(request: In<typeof contract.VerifyStart>): Promise<Out<typeof VerifyStarted>>;
  finishVerify(request: In<typeof contract.VerifyFinish>): Promise<void>;
  signIns(request: In<typeof contract.SignInsRequest>): Promise<Out<typeof SignInList>>;
  endSignIn(request: In<typeof contract.EndSignIn>): Promise<void>;
  signOutEverywhere(request: In<typeof contract.OfClient>): Promise<void>;
  startOAuth(request: In<typeof contract.OAuthStart>): Promise<void>;
  takeOAuth(stateHash: string): Promise<Out<typeof OAuthTaken>["ticket"]>;
  signInWithOAuth(request: In<typeof contract.OAuthSignIn>): Promise<OAuthOutcome>;
  unlinkIdentity(request: In<typeof contract.UnlinkIdentity>): Promise<void>;
  rotateRefresh(request: In<typeof contract.RotateRefresh>): Promise<Out<typeof RefreshOutcome>>;
  familyStanding(userId: string, familyId: string): Promise<AccessGranted | null>;
  endFamily(userId: string, familyId: string): Promise<void>;
  startFlow(request: In<typeof contract.FlowStart>): Promise<void>;
  lookAtFlow(by: In<typeof contract.FlowBy>): Promise<contract.EditorFlow | null>;
  decideFlow(request: In<typeof contract.FlowDecide>): Promise<Out<typeof FlowDecideResult>>;
  takeFlow(request: In<typeof contract.FlowTake>): Promise<Out<typeof FlowTaken>>;
  keyOwner(keyHash: string): Promise<AccessGranted | null>;
  endKey(keyHash: string): Promise<void>;
  rotateKey(request: In<typeof contract.RotateKey>): Promise<AccessGranted>;
  startGithubDevice(request: In<typeof contract.GithubDeviceStart>): Promise<void>;
  pollGithubDevice(ticketHash: string): Promise<Out<typeof GithubDevicePolled>>;
  finishGithubDevice(request: In<typeof contract.GithubDeviceFinish>): Promise<OAuthOutcome>;
  dropGithubDevice(ticketHash: string): Promise<void>;
  takeUserInfo(request: In<typeof contract.UserInfoTake>): Promise<Out<typeof UserInfoTaken>["info"]>;
}

/** Only what changes nothing by being said twice is asked again when an answer is lost. */
export function accountsClient(send: ControlTransport): AccountsClient {
  const post = <S extends z.ZodType>(path: string, body: unknown, answer: S, repeatable = false) =>
    send({ method: "POST", path, body, answer, repeatable });
  const remove = async (path: string, body: unknown) => {
    await send({ method: "DELETE", path, body, answer: Done, repeatable: false });
  };
  const done = async (path: string, body: unknown) => {
    await post(path, body, Done);
  };
  return {
    takeLimits: (checks) => post(PATHS.accountLimits, { checks }, LimitsResult, true),
    register: (request) => post(PATHS.accountRegister, request, AccessGranted),
    openAccess: (request) => post(PATHS.accountAccess, request, AccessGranted),
    signInFailed: (request) => done(PATHS.accountSignInFailed, request),
    async setPassword(request) {
      await post(PATHS.accountPassword, request, SessionResult);
    },
    startReset: async (request) => (await post(PATHS.accountResetStart, request, MaybeUser)).user,
    async finishReset(request) {
      await post(PATHS.accountReset, request, z.object({ user: User }));
    },
    startVerify: (request) => post(PATHS.accountVerifyStart, request, VerifyStarted),
    finishVerify: (request) => done(PATHS.accountVerify, request),
    signIns: (request) => post(PATHS.accountSignIns, request, SignInList, true),
    endSignIn: (request) => remove(PATHS.accountSignIn, request),
    signOutEverywhere: (request) => done(PATHS.accountSignOutEverywhere, request),
    startOAuth: (request) => done(PATHS.oauthStart, request),
    takeOAuth: async (stateHash) => (await post(PATHS.oauthTake, { state_hash: stateHash }, OAuthTaken)).ticket,
    signInWithOAuth: (request) => post(PATHS.oauthSignIn, request, OAuthOutcome),
    unlinkIdentity: (request) => remove(PATHS.oauthIdentity, request),
    rotateRefresh: (request) => post(PATHS.refreshRotate, request, RefreshOutcome),
    familyStanding: async (userId, familyId) =>
      (await post(PATHS.refreshFamily, { user_id: userId, family_id: familyId }, Standing, true)).access,
    endFamily: (userId, familyId) => remove(PATHS.refreshFamily, { user_id: userId, family_id: familyId }),
    startFlow: (request) => done(PATHS.flowStart, request),
    lookAtFlow: async (by) => (await post(PATHS.flowLook, by, FlowLooked, true)).flow,
    decideFlow: (request) => post(PATHS.flowDecide, request, FlowDecideResult),
    takeFlow: (request) => post(PATHS.flowTake, request, FlowTaken),
    keyOwner: async (keyHash) => (await post(PATHS.managementKey, { key_hash: keyHash }, KeyOwner, true)).access,
    endKey: (keyHash) => remove(PATHS.managementKey, { key_hash: keyHash }),
    rotateKey: (request) => post(PATHS.managementKeyRotate, request, AccessGranted),
    startGithubDevice: (request) => done(PATHS.githubDeviceStart, request),
    pollGithubDevice: (ticketHash) => post(PATHS.githubDevicePoll, { ticket_hash: ticketHash }, GithubDevicePolled),
    finishGithubDevice: (request) => post(PATHS.githubDeviceFinish, request, OAuthOutcome),
    dropGithubDevice: (ticketHash) => remove(PATHS.githubDevice, { ticket_hash: ticketHash }),
    takeUserInfo: async (request) => (await post(PATHS.userInfoTake, request, UserInfoTaken)).info,
  };
}
