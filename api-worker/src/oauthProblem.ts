import type { OAuthErrorCode } from "@oa/contract";

/**
 * An answer of a polled flow that is no failure of ours: RFC 8628 names it, status 400 carries it. `intervalS` is the pause
 * between polls from now on, in seconds.
 */
export class OAuthProblem extends Error {
  readonly error: OAuthErrorCode;
  readonly intervalS: number | undefined;

  constructor(error: OAuthErrorCode, intervalS?: number) {
    super(SENTENCES[error]);
    this.name = "OAuthProblem";
    this.error = error;
    this.intervalS = intervalS;
  }
}

const SENTENCES: Readonly<Record<OAuthErrorCode, string>> = {
  authorization_pending: "Nobody has confirmed this yet. Ask again after the interval.",
  slow_down: "That is too often. Wait for the longer interval.",
  access_denied: "The person said no.",
  expired_token: "The time to confirm is over. Start again.",
  bad_device_code: "That device code is unknown or has been used. Start again.",
  invalid_grant: "That code or verifier is wrong, or has been used. Start again.",
  invalid_request: "The request does not fit.",
  unsupported_grant_type: "The grant_type is that of RFC 8628.",
  device_flow_disabled: "The device flow is not switched on for this installation's GitHub app.",
};

/** The body of such an answer: the names of the RFC, and the CLI's. */
export function oauthProblemBody(problem: OAuthProblem): object {
  return {
    error: problem.error,
    error_description: problem.message,
    ...(problem.intervalS !== undefined && { interval: problem.intervalS }),
    code: problem.error.toUpperCase(),
    message: problem.message,
  };
}
