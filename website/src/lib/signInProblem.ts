import type { SignInProblem } from "@oa/contract/accountsApi";

/** What to tell a person whose sign-in with a provider did not happen. */
export const SIGN_IN_PROBLEMS: Readonly<Record<SignInProblem, string>> = {
  access_denied: "You declined there, so nothing was shared. Try again, or use another way.",
  expired: "That attempt was begun in another browser, or too long ago. Start again from here.",
  email_required: "That account has no verified e-mail address. Verify one there, then try again.",
  provider_unreachable: "The provider did not answer. Try again in a moment, or use another way.",
  rate_limited: "Too many attempts came from your address. Wait a few minutes, then try again.",
  unavailable: "Signing in does not work right now, and it is not you. Try again in a moment.",
  taken: "That account already signs in someone else here. Sign in with it, or unlink it there first.",
};
