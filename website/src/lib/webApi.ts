import { API_PATHS, ConvexToken, WebConfig, WebSession } from "@oa/contract/worker";
import { type Door, envelopeFetch } from "./envelopeFetch.ts";

/** The page's own endpoints (`/web/*`): who is signed in, and what the page must know to start. */
export function createWebApi(door: Door) {
  return {
    config: () => envelopeFetch(door, { method: "GET", path: API_PATHS.webConfig, data: WebConfig }),
    session: () => envelopeFetch(door, { method: "GET", path: API_PATHS.webSession, data: WebSession }),
    /** `taken` when the e-mail has an account; `invalid_request` names each field that does not fit. */
    signUp: (credentials: { email: string; password: string }) =>
      envelopeFetch(door, { method: "POST", path: API_PATHS.webSignUp, data: WebSession, body: credentials }),
    /** `unauthorized` for a wrong password and for an unknown e-mail alike. */
    signIn: (credentials: { email: string; password: string }) =>
      envelopeFetch(door, { method: "POST", path: API_PATHS.webSignIn, data: WebSession, body: credentials }),
    signOut: () => envelopeFetch(door, { method: "POST", path: API_PATHS.webSignOut, data: WebSession }),
    /** A short token for the live connection; `unauthorized` once the session is over. */
    convexToken: () => envelopeFetch(door, { method: "POST", path: API_PATHS.webConvexToken, data: ConvexToken }),
  };
}
export type WebApi = ReturnType<typeof createWebApi>;

export const webApi: WebApi = createWebApi({ origin: "" });
