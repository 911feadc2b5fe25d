import type { AccessGranted } from "@oa/contract";
import type { Config } from "../config.ts";
import type { ControlClient } from "../control/client.ts";
import { readEditorToken } from "./editorToken.ts";
import type { EditorClaims } from "./editorToken.ts";

/** An editor whose JWT is good and whose sign-in stands. */
export interface Editor {
  claims: EditorClaims;
  access: AccessGranted;
}

/**
 * Whose JWT this is; null where it is none of ours, has expired, or its sign-in has ended (signed out here or everywhere,
 * a refresh token that came back, a new password). Asked of Convex every time: signing out is then felt at once, and the
 * balance that comes with the answer is the present one.
 */
export async function editorOf(
  config: Config,
  control: ControlClient,
  token: string,
  now: number,
): Promise<Editor | null> {
  const claims = await readEditorToken(config.convexJwt, token, now);
  if (claims === null) return null;
  const access = await control.familyStanding(claims.sub, claims.sid);
  return access === null || access.token_version !== claims.tv ? null : { claims, access };
}
