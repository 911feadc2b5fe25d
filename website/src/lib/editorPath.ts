import { ACCOUNT_PAGES } from "@oa/contract/accountsApi";

/** The page whose click opens the editor. `state` is the editor's own and goes back to it unchanged. */
export function editorAuthorizePath(state: string | undefined): string {
  return state === undefined
    ? ACCOUNT_PAGES.editorAuthorize
    : `${ACCOUNT_PAGES.editorAuthorize}?state=${encodeURIComponent(state)}`;
}
