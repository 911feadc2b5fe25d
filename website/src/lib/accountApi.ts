import {
  Accepted,
  ACCOUNT_PATHS,
  EditorFlow,
  EditorOpenResult,
  FlowDecided,
  LinkIdentityResult,
  type OAuthProvider,
} from "@oa/contract/accountsApi";
import { WebSession } from "@oa/contract/worker";
import { type Door, envelopeFetch } from "./envelopeFetch.ts";
import { pathWith } from "./openclawApi.ts";

/** What waits for its person: the id of a link, or the code someone typed. */
export type FlowBy = { flow: string } | { user_code: string };

/** What a person does with their own account. Each call rejects with a `RequestError`. */
export function createAccountApi(door: Door) {
  const post = { method: "POST" } as const;
  return {
    /** Without `current_password` for someone who has none yet; `forbidden` where they signed in too long ago for that. */
    changePassword: (body: { current_password?: string; new_password: string }) =>
      envelopeFetch(door, { ...post, path: ACCOUNT_PATHS.webPassword, data: WebSession, body }),
    /** The same answer whether or not the address has an account. */
    forgotPassword: (body: { email: string }) =>
      envelopeFetch(door, { ...post, path: ACCOUNT_PATHS.webPasswordForgot, data: Accepted, body }),
    /** `expired` for a link that was used or is too old. Signs nobody in. */
    resetPassword: (body: { token: string; password: string }) =>
      envelopeFetch(door, { ...post, path: ACCOUNT_PATHS.webPasswordReset, data: Accepted, body }),

    sendVerification: () => envelopeFetch(door, { ...post, path: ACCOUNT_PATHS.webEmailVerifySend, data: Accepted }),
    /** Needs the session of the account the mail went to. */
    verifyEmail: (body: { token: string }) =>
      envelopeFetch(door, { ...post, path: ACCOUNT_PATHS.webEmailVerify, data: Accepted, body }),

    /** Ends one browser, editor or terminal at once. */
    endSignIn: (signInId: string) =>
      envelopeFetch(door, {
        method: "DELETE",
        path: pathWith(ACCOUNT_PATHS.webSignIn, "signInId", signInId),
        data: Accepted,
      }),
    /** Ends all of them, this browser too. */
    signOutEverywhere: () =>
      envelopeFetch(door, { ...post, path: ACCOUNT_PATHS.webSignOutEverywhere, data: WebSession }),

    /** Gives the provider's address to go to. */
    linkIdentity: (provider: OAuthProvider) =>
      envelopeFetch(door, {
        ...post,
        path: ACCOUNT_PATHS.webIdentities,
        data: LinkIdentityResult,
        body: { provider },
      }),
    /** `conflict` where it is the only way to sign in. */
    unlinkIdentity: (identityId: string) =>
      envelopeFetch(door, {
        method: "DELETE",
        path: pathWith(ACCOUNT_PATHS.webIdentity, "identityId", identityId),
        data: Accepted,
      }),

    /** What asks to be signed in; `expired` once it is over, `not_found` for a code nobody was given. */
    lookUpFlow: (by: FlowBy) =>
      envelopeFetch(door, { ...post, path: ACCOUNT_PATHS.webEditorFlow, data: EditorFlow, body: by }),
    decideFlow: (by: FlowBy, approve: boolean) =>
      envelopeFetch(door, {
        ...post,
        path: ACCOUNT_PATHS.webEditorDecide,
        data: FlowDecided,
        body: { ...by, approve },
      }),
    /** Mints a token for the editor; only a click may ask for it. */
    openEditor: (body: { state?: string }) =>
      envelopeFetch(door, { ...post, path: ACCOUNT_PATHS.webEditorOpen, data: EditorOpenResult, body }),
  };
}

export const accountApi = createAccountApi({ origin: "" });
